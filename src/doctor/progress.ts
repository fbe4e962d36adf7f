// Shows the current step on one line of a terminal and removes the line before the report.

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
    /** @param what the step as a noun phrase: "how long a sync takes" */
    say: (what: string) => write(`Examining ${what} …`),
    end: () => write(""),
  };
}
