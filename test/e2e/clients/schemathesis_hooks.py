"""What schemathesis does not know by itself."""

import os
from urllib.parse import quote

import schemathesis


KEPT = set(os.environ["KEPT"].split(","))


@schemathesis.serializer("application/offset+octet-stream", "application/partial-upload")
def as_it_is(context, value):
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Anyone may do nothing on this server: a login is optional only where nothing about files is told.

    A wrong password is tried where tokens are not taken: many in a row for one name would be refused with 429."""
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            schemes = operation.get("security", [])
            if {"token": []} in schemes:
                schemes.remove({"basic": []})
                if operation["x-allow"] != "each":
                    operation["security"] = [scheme for scheme in schemes if scheme]


@schemathesis.hook
def filter_case(context, case):
    """The account, the token and the links that requests are made with must stay.

    Beyond 16 KiB of URL and headers Bun answers 431, before any route and without a body: no operation can say that."""
    if KEPT & {str(value) for value in (case.path_parameters or {}).values()}:
        return False
    parts = [case.path_parameters, case.query, case.headers]
    texts = [str(value) for part in parts for value in dict(part or {}).values()]
    return sum(len(quote(text, errors="replace")) for text in texts) < 12_000


@schemathesis.check
def problem_is_documented(context, response, case):
    """Not only the status of a problem is in the document: its code is, too."""
    type, *_ = response.headers.get("content-type", [""])
    if type != "application/problem+json" or case.method == "HEAD":
        return
    documented = case.operation.definition.raw["responses"].get(str(response.status_code))
    code = response.json()["code"]
    if documented and f"`{code}`" not in documented["description"]:
        raise AssertionError(f"{code} is not documented for {response.status_code}")
