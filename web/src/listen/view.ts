// The view "Listen": what comes in on the left, the track that is open on the right.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import type { View } from "../main.ts";
import { busy, note, trouble } from "../parts.ts";
import type { Heard } from "../schema.ts";
import { text } from "../text.ts";
import { intake, type Taken } from "./intake.ts";
import { Picker } from "./picker.ts";
import { type Entry, Queue } from "./queue.ts";
import { QueueList } from "./queue_list.ts";
import { TrackPage } from "./track.ts";

const GONE = 404;

export class ListenView implements View {
  readonly element: HTMLElement;
  private readonly queue: Queue;
  private readonly list = new QueueList();
  private readonly stage = h("div", { class: "stage-track" });
  private readonly passed = h("p", { class: "quiet", role: "status" });
  private readonly latest = new Latest();
  private page: TrackPage | null = null;
  private readonly fresh = new WeakSet<Heard>(); // that came just now, and need not be asked for
  private awaited: Entry[] = []; // of which the first that is heard is opened

  constructor(private readonly context: Context) {
    this.queue = new Queue(context, (entry) => this.changed(entry));
    const beside = h("div", { class: "beside" }, intake(context.state.suffixes, (taken) => this.take(taken)), this.passed);
    beside.append(this.list.element, new Picker(context).element);
    this.element = h("div", { class: "listen" }, beside, this.stage);
  }

  show(rest: string): void {
    this.element.classList.toggle("empty", !rest);
    this.list.mark(rest);
    if (!rest) return this.welcome();
    if (this.page?.heard.id === rest) return undefined;
    this.leave();
    const entry = this.queue.entries.find((each) => each.heard?.id === rest);
    if (entry?.heard && this.fresh.delete(entry.heard)) return this.open(entry.heard);
    fill(this.stage, busy(text.listen.opening));
    const failed = (failure: unknown) => {
      const problem = problemOf(failure);
      if (entry && problem.status === GONE) this.again(entry);
      else fill(this.stage, trouble(problem));
    };
    void this.latest.of(api.heard(rest), (heard) => this.open(heard), failed);
    return undefined;
  }

  // The server keeps the answers for the latest files, and for an hour; the files are still here.
  private again(entry: Entry): void {
    fill(this.stage, busy(text.listen.forgotten));
    this.awaited = [entry];
    this.queue.again(entry);
  }

  private welcome(): void {
    this.leave();
    const { state } = this.context;
    fill(
      this.stage,
      h("h1", {}, text.listen.title),
      h("p", {}, text.listen.welcome(state.genres.length, state.tags.length)),
      state.no_collection ? note(state.no_collection) : null,
    );
  }

  private leave(): void {
    this.page?.close();
    this.page = null;
  }

  private open(heard: Heard): void {
    this.leave();
    this.page = new TrackPage(this.context, heard, (which) => this.queue.explain(which));
    fill(this.stage, this.page.element);
    this.page.draw();
  }

  private take({ files, passedOver }: Taken): void {
    if (location.hash.startsWith("#/listen") === false && location.hash !== "") location.hash = "#/listen";
    this.passed.textContent = passedOver ? text.listen.passedOver(passedOver) : "";
    this.awaited = this.queue.addFiles(files);
  }

  private changed(entry: Entry): void {
    this.list.show(entry);
    const { heard } = entry;
    if (heard && this.awaited.includes(entry)) {
      this.awaited = [];
      this.fresh.add(heard);
      location.hash = `#/listen/${heard.id}`;
    } else if (heard && this.page?.heard.id === heard.id) this.page.tellWithout(heard.without);
    this.list.mark(this.page?.heard.id ?? "");
  }
}
