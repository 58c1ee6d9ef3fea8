// A job of the server, followed by the events that it sends until it is done or has failed.

import { Problem, problemFrom } from "./api.ts";
import type { Started } from "./schema.ts";
import { text } from "./text.ts";

export interface Following<T> {
  waiting?: (ahead: number) => void;
  running?: () => void;
  progress?: (told: { made_s?: number; of_s?: number }) => void; // of a piece
  heard?: (value: T) => void;
  lost?: () => void; // the connection, which the browser makes again by itself
}

// What the job comes to; what happens until then is told as it happens.
export function follow<T>(started: Started, told: Following<T> = {}): Promise<T> {
  return new Promise((done, failed) => {
    const events = new EventSource(started.events);
    const on = (name: string, act: (value: never) => void) =>
      events.addEventListener(name, (event) => act(JSON.parse((event as MessageEvent<string>).data) as never));
    const end = (act: () => void) => {
      events.close();
      act();
    };
    on("waiting", (value: { ahead: number }) => told.waiting?.(value.ahead));
    on("running", () => told.running?.());
    on("progress", (value: { made_s?: number; of_s?: number }) => told.progress?.(value));
    on("heard", (value: T) => told.heard?.(value));
    on("done", (value: T) => end(() => done(value)));
    on("failed", (value: object) => end(() => failed(problemFrom(value))));
    let lost = false;
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) return end(() => failed(new Problem(0, text.failure.broken)));
      lost = true;
      return told.lost?.();
    };
    events.onopen = () => {
      if (lost) told.running?.();
      lost = false;
    };
  });
}
