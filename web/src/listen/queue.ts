// Files that are heard, one after the other: a few are sent at a time, and when the server says that too many wait, they
// are sent again after the time it names. What the server does not know any more is sent again, too.

import { api, type Problem, problemOf, type Source } from "../api.ts";
import type { Context } from "../context.ts";
import { follow } from "../jobs.ts";
import { pause } from "../patience.ts";
import type { Heard } from "../schema.ts";

const AT_A_TIME = 2;
const EXPLAINED = 3; // so few files at once are asked what they would be without their decisive seconds, which takes longer

export type Stage = "queued" | "sending" | "refused" | "waiting" | "hearing" | "lost" | "explaining" | "heard" | "failed";

export interface Entry {
  name: string;
  source: Source;
  explain: boolean;
  stage: Stage;
  ahead: number; // others that come first, or seconds until it is sent again
  heard: Heard | null;
  problem: Problem | null;
}

export class Queue {
  readonly entries: Entry[] = [];
  private active = 0;

  constructor(
    private readonly context: Context,
    private readonly changed: (entry: Entry) => void,
  ) {}

  addFiles(files: File[]): Entry[] {
    const explain = files.length <= EXPLAINED;
    return files.map((file) => this.add(file.name, { file }, explain));
  }

  // Hear a file again that the server has forgotten.
  again(entry: Entry): void {
    entry.heard = null;
    this.turn(entry, "queued");
    void this.next();
  }

  // Hear again what was heard, and say what it would be without its decisive seconds.
  explain(heard: Heard): Promise<Heard> {
    const file = this.context.files.get(heard.id);
    const source: Source = file ? { file } : { track: heard.id };
    return this.hear(source, true, () => undefined);
  }

  private add(name: string, source: Source, explain: boolean): Entry {
    const entry: Entry = { name, source, explain, stage: "queued", ahead: 0, heard: null, problem: null };
    this.entries.push(entry);
    this.changed(entry);
    void this.next();
    return entry;
  }

  private async next(): Promise<void> {
    const entry = this.entries.find((each) => each.stage === "queued");
    if (!entry || this.active >= AT_A_TIME) return;
    this.active += 1;
    try {
      const heard = await this.hear(entry.source, entry.explain, (stage, ahead, early) => {
        if (early) this.keep(entry, early);
        this.turn(entry, stage, ahead);
      });
      this.keep(entry, heard);
      this.turn(entry, "heard");
    } catch (failure) {
      entry.problem = problemOf(failure);
      this.turn(entry, "failed");
    }
    this.active -= 1;
    void this.next();
  }

  private turn(entry: Entry, stage: Stage, ahead = 0): void {
    entry.stage = stage;
    entry.ahead = ahead;
    this.changed(entry);
    if (stage !== "queued") void this.next();
  }

  private keep(entry: Entry, heard: Heard): void {
    entry.heard = heard;
    if ("file" in entry.source) this.context.keep(heard.id, entry.source.file);
  }

  private async hear(source: Source, explain: boolean, told: (stage: Stage, ahead: number, early?: Heard) => void): Promise<Heard> {
    told("sending", 0);
    const started = await api.listen(source, explain, async (seconds) => {
      told("refused", seconds);
      await pause(seconds);
      told("sending", 0);
    });
    let early: Heard | undefined;
    return follow<Heard>(started, {
      waiting: (ahead) => told("waiting", ahead),
      running: () => told(early ? "explaining" : "hearing", 0, early),
      lost: () => told("lost", 0),
      heard: (value) => {
        early = value;
        told("explaining", 0, early);
      },
    });
  }
}
