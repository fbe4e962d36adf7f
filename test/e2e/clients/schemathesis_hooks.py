"""What schemathesis does not know by itself: how the media types of resumable uploads are sent."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream", "application/partial-upload")
def as_it_is(context, value):
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")
