// A client of GET /api/uploads/events that collects the events as they arrive.

import { EventSourceParserStream } from "eventsource-parser/stream";

export interface Heard {
  id: string;
  name: string;
  data: {
    uploads?: { id: string; path: string; received: number; saved: number; state: string }[];
    ended?: { id: string; path: string; outcome: string; size: number; error?: { code: string } };
  };
}

export interface Watching extends Disposable {
  answer: Response;
  /** All so far. */
  heard: Heard[];
  comments: () => number;
  /** Resolves when the server closed the connection, rejects when the connection broke. */
  over: Promise<void>;
}

/** Subscribes to the events; the caller must dispose the result. @param last the id of the last event received */
export async function watchEvents(url: string, last?: string): Promise<Watching> {
  const stop = new AbortController();
  const answer = await fetch(`${url}/api/uploads/events`, {
    signal: stop.signal,
    headers: last === undefined ? {} : { "last-event-id": last },
  });
  const heard: Heard[] = [];
  let comments = 0;
  const read = async (): Promise<void> => {
    const parser = new EventSourceParserStream({
      onComment: () => {
        comments += 1;
      },
    });
    for await (const { id = "", event = "", data } of (answer.body ?? new ReadableStream())
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(parser))
      heard.push({ id, name: event, data: JSON.parse(data) });
  };
  const over = read();
  over.catch(() => {
    // Whoever waits for the end hears of it; who stopped does not.
  });
  return { answer, heard, comments: () => comments, over, [Symbol.dispose]: () => stop.abort() };
}
