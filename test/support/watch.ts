// A client of GET /api/uploads/events that collects the events as they arrive.

import { EventSourceParserStream } from "eventsource-parser/stream";

export interface ReceivedEvent {
  id: string;
  name: string;
  data: {
    uploads?: { id: string; path: string; received: number; saved: number; state: string }[];
    ended?: { id: string; path: string; outcome: string; size: number; error?: { code: string } };
  };
}

export interface EventWatch extends Disposable {
  answer: Response;
  /** All events so far. */
  received: ReceivedEvent[];
  comments: () => number;
  /** Resolves when the server ends the stream, rejects when the connection breaks. */
  ended: Promise<void>;
}

/** Subscribes to the events; the caller must dispose the result. @param last the id of the last event received */
export async function watchEvents(
  url: string,
  last?: string,
  headers: Record<string, string> = {},
): Promise<EventWatch> {
  const stop = new AbortController();
  const answer = await fetch(`${url}/api/uploads/events`, {
    signal: stop.signal,
    headers: { ...headers, ...(last !== undefined && { "last-event-id": last }) },
  });
  const received: ReceivedEvent[] = [];
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
      received.push({ id, name: event, data: JSON.parse(data) });
  };
  const ended = read();
  ended.catch(() => {
    // Avoids an unhandled rejection if nobody awaits the end.
  });
  return { answer, received, comments: () => comments, ended, [Symbol.dispose]: () => stop.abort() };
}
