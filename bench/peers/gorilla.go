// gorilla/websocket's default dialer; --tuned: with a read buffer of 256 KiB, its best.
// usage: gorilla URL [--tuned] [--parse] [--latency] [--tls-ca FILE]
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"syscall"
	"unsafe"

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

const stamp = "\"sent\":\""

// The clock that the stamps are of; time.Now has another zero.
func monotonicNs() int64 {
	var now syscall.Timespec
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func age(message []byte) int64 {
	now := monotonicNs()
	at := bytes.Index(message, []byte(stamp)) + len(stamp)
	sent, err := strconv.ParseInt(string(message[at:at+20]), 10, 64)
	fail(err)
	return now - sent
}

func quantiles(ages []int64) string {
	if len(ages) == 0 {
		return ""
	}
	sort.Slice(ages, func(i, j int) bool { return ages[i] < ages[j] })
	at := func(part float64) float64 { return float64(ages[int(float64(len(ages)-1)*part)]) / 1e3 }
	return fmt.Sprintf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", at(0.5), at(0.99), at(0.999))
}

func main() {
	parses, takesAge := false, false
	dialer := *websocket.DefaultDialer
	for i, flag := range os.Args {
		parses = parses || flag == "--parse"
		takesAge = takesAge || flag == "--latency"
		if flag == "--tuned" {
			dialer.ReadBufferSize = 256 * 1024
		}
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
	messages, size := 0, 0
	var ages []int64
	for {
		_, message, err := connection.ReadMessage()
		if err != nil {
			break
		}
		messages++
		size += len(message)
		if takesAge {
			ages = append(ages, age(message))
		}
		if parses {
			var found envelope
			fail(json.Unmarshal(message, &found))
		}
	}
	userEnd, systemEnd, rss := usage()
	fmt.Printf("{\"messages\":%d,\"bytes\":%d,\"user_s\":%.6f,\"sys_s\":%.6f,\"maxrss_kb\":%d%s}\n",
		messages, size, userEnd-user, systemEnd-system, rss, quantiles(ages))
}
