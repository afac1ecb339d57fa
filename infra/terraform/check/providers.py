"""Providers that know their schemas and nothing else, for `terraform validate` and
`terraform test` on a machine without a network.

They listen on loopback, one port each. The first line of standard output is the
value of TF_REATTACH_PROVIDERS, by which Terraform finds them. They end when
standard input ends, so that none outlives whoever started it.

    python providers.py schemas/azurerm.json schemas/azuread.json
"""

import json
import os
import sys
from concurrent import futures
from pathlib import Path

import grpc

from wire import provider_schema

# `grpc.health.v1.HealthCheckResponse` with the status SERVING.
_SERVING = b"\x08\x01"

# Configuring, validating and stopping: an answer without diagnostics is an empty
# message. Whatever would reach a cloud is not among them; `terraform test` puts a
# mock in its place.
_NOTHING_TO_SAY = (
    "ValidateProviderConfig",
    "ValidateResourceConfig",
    "ValidateDataResourceConfig",
    "ConfigureProvider",
    "StopProvider",
)


class _Provider(grpc.GenericRpcHandler):
    """Answers by the full name of a method; messages stay bytes."""

    def __init__(self, schemas):
        self._answers = {
            "/grpc.health.v1.Health/Check": _SERVING,
            "/tfplugin6.Provider/GetProviderSchema": provider_schema(schemas),
        }
        for name in _NOTHING_TO_SAY:
            self._answers[f"/tfplugin6.Provider/{name}"] = b""

    def service(self, call):
        answer = self._answers.get(call.method)
        if answer is None:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)


def _serve(file):
    schemas = json.loads(Path(file).read_text(encoding="utf-8"))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((_Provider(schemas),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return schemas["source"], server, port


def main(files):
    served = [_serve(file) for file in files]
    reattach = {
        source: {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            # Terraform leaves the process alone when it is done with it.
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
        }
        for source, _, port in served
    }
    print(json.dumps(reattach), flush=True)
    sys.stdin.read()
    for _, server, _ in served:
        server.stop(None)


if __name__ == "__main__":
    main(sys.argv[1:])
