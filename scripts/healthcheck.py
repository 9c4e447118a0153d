"""Container health of the web process: exit code 0 when /healthz answers 200."""

import http.client
import sys


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    connection.request("GET", "/healthz")
    return int(connection.getresponse().status != http.HTTPStatus.OK)


if __name__ == "__main__":
    sys.exit(main())
