"""What schemathesis does not know by itself."""

from urllib.parse import quote

import schemathesis


@schemathesis.serializer("application/offset+octet-stream", "application/partial-upload")
def as_it_is(context, value):
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")


@schemathesis.hook
def filter_case(context, case):
    """Beyond 16 KiB of URL and headers Bun answers 431, before any route and without a body: no operation can say that."""
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
