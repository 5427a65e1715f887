// gorilla/websocket with a read buffer of 256 KiB, its best. usage: gorilla URL [--parse] [--tls-ca FILE]
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"syscall"

	"github.com/gorilla/websocket"
)

type envelope struct {
	Method string `json:"method"`
	Params struct {
		Channel string          `json:"channel"`
		Data    json.RawMessage `json:"data"`
	} `json:"params"`
}

func usage() (float64, float64, int64) {
	var spent syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &spent)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(spent.Utime), seconds(spent.Stime), spent.Maxrss
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gorilla:", err)
		os.Exit(1)
	}
}

func main() {
	parses := false
	dialer := websocket.Dialer{ReadBufferSize: 256 * 1024}
	for i, flag := range os.Args {
		parses = parses || flag == "--parse"
		if flag == "--tls-ca" {
			roots := x509.NewCertPool()
			pem, err := os.ReadFile(os.Args[i+1])
			fail(err)
			roots.AppendCertsFromPEM(pem)
			dialer.TLSClientConfig = &tls.Config{RootCAs: roots}
		}
	}
	connection, _, err := dialer.Dial(os.Args[1], nil)
	fail(err)
	user, system, _ := usage()
	messages, bytes := 0, 0
	for {
		_, message, err := connection.ReadMessage()
		if err != nil {
			break
		}
		messages++
		bytes += len(message)
		if parses {
			var found envelope
			fail(json.Unmarshal(message, &found))
		}
	}
	userEnd, systemEnd, rss := usage()
	fmt.Printf("{\"messages\":%d,\"bytes\":%d,\"user_s\":%.6f,\"sys_s\":%.6f,\"maxrss_kb\":%d}\n",
		messages, bytes, userEnd-user, systemEnd-system, rss)
}
