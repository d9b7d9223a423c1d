"""Does with a Jupyter server what a person does: URL TOKEN RUNTIME_DIR, then what."""
import json
import sys
import urllib.request

url, token, runtime, what, *rest = sys.argv[1:]


def ask(method, path, body=None):
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "token " + token, "Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


if what == "session":
    body = {"path": rest[0], "name": rest[0], "type": "notebook", "kernel": {"name": "python3"}}
    print(ask("POST", "/api/sessions", body)["kernel"]["id"])
elif what == "execute":
    from jupyter_client import BlockingKernelClient

    client = BlockingKernelClient()
    client.load_connection_file(f"{runtime}/kernel-{rest[0]}.json")
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute(rest[1])
    # Until the kernel says that it has taken it.
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "execute_input":
            break
    client.stop_channels()
elif what == "terminal":
    print(ask("POST", "/api/terminals")["name"])
elif what == "status":
    print(ask("GET", "/api/status")["last_activity"])
