// One line that says what is examined now, on a terminal only, gone when the report comes.

const CLEAR = "\r\x1b[2K";

interface Stream {
  isTTY?: boolean;
  write(text: string): unknown;
}

export function progress(stream: Stream) {
  const write = (text: string) => {
    if (stream.isTTY) stream.write(`${CLEAR}${text}`);
  };
  return {
    /** @param what is examined, without a verb: "how long a sync takes" */
    say: (what: string) => write(`Examining ${what} …`),
    end: () => write(""),
  };
}
