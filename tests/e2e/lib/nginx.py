"""nginx as the front of a WebSocket server: each front is one listener, with TLS or without."""
import os
import socket
import tempfile
import urllib.request

from lib.peers import nginx_program
from lib.process import Process
from lib.wait import wait_until

HEAD = """daemon off;
worker_processes 1;
error_log {folder}/error.log info;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
"""
FRONT = """    server {{
        listen 127.0.0.1:{port}{ssl};
        {tls}
        location = /stub_status {{ stub_status; }}
        location / {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }}
    }}
"""


class Nginx(Process):
    """fronts: {name: None (plain text) or (certificate, key, [more lines])}. Listeners are made here and inherited, so no port is
    ever free for somebody else."""

    def __init__(self, upstream, fronts):
        self._folder = tempfile.TemporaryDirectory(prefix="hawser-nginx-")
        self.ports = {}
        listeners = []
        text = HEAD.format(folder=self._folder.name)
        for name, tls in {**fronts, "status of nginx": None}.items():
            listener = socket.create_server(("127.0.0.1", 0))
            listeners.append(listener)
            self.ports[name] = listener.getsockname()[1]
            lines = "" if tls is None else " ".join([f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};", *tls[2:]])
            text += FRONT.format(port=self.ports[name], ssl="" if tls is None else " ssl", tls=lines, upstream=upstream)
        config = os.path.join(self._folder.name, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text + "}\n")
        inherited = "".join(f"{listener.fileno()};" for listener in listeners)
        super().__init__([nginx_program(), "-p", self._folder.name, "-e", "stderr", "-c", config],
                         env={**os.environ, "NGINX": inherited}, pass_fds=[listener.fileno() for listener in listeners])
        for listener in listeners:
            listener.close()
        wait_until(self._answers, "nginx to answer")

    def _answers(self):
        if not self.is_running():
            raise AssertionError(f"nginx ended: {self.stderr()}{self.log()}")
        try:
            return self.status().startswith("Active")
        except OSError:
            return None

    def status(self):
        url = f"http://127.0.0.1:{self.ports['status of nginx']}/stub_status"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()

    def accepted(self):
        """Connections so far, less the one that asks. The questions before it count."""
        return int(self.status().splitlines()[2].split()[0]) - 1

    def log(self):
        with open(os.path.join(self._folder.name, "error.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        if self.is_running():
            self.stop()  # its worker ends with it
        super().close()
        self._folder.cleanup()
