"""``python -m config.healthcheck``: exit 0 when this container's web server answers /khoe with 200."""

import os
import sys
from http.client import HTTPConnection

HOST_NAMES = os.environ.get("TRAMYTE_HOSTS", "localhost").replace(",", " ").split()


def main() -> int:
    port = int(os.environ.get("TRAMYTE_BIND", "127.0.0.1:8000").rpartition(":")[2])
    client = HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        # A name that the server answers to: '.example.vn' stands for every name below it.
        client.request("GET", "/khoe", headers={"Host": HOST_NAMES[0].lstrip(".").replace("*", "localhost")})
        return 0 if client.getresponse().status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
