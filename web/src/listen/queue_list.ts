// The list of what was dropped: how far each file is, what it is, or why it could not be heard.

import { fill, h } from "../dom.ts";
import { text } from "../text.ts";
import type { Entry } from "./queue.ts";

export class QueueList {
  readonly element = h("ol", { class: "queue", "aria-label": text.listen.queue, "aria-live": "polite" });
  private readonly rows = new Map<Entry, HTMLLIElement>();

  show(entry: Entry): void {
    const row = this.rows.get(entry) ?? h("li", {});
    if (!this.rows.has(entry)) {
      this.rows.set(entry, row);
      this.element.prepend(row); // the latest is seen first
    }
    row.dataset.stage = entry.stage;
    const { heard, problem } = entry;
    fill(
      row,
      heard ? h("a", { href: `#/listen/${heard.id}` }, entry.name) : h("span", { class: "name" }, entry.name),
      h("span", { class: problem ? "problem" : "quiet" }, wordsOf(entry)),
      problem?.hint && h("span", { class: "quiet" }, problem.hint),
    );
  }

  // Mark the one that is open.
  mark(id: string): void {
    for (const [entry, row] of this.rows) {
      const link = row.querySelector("a");
      if (entry.heard?.id === id) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }
}

function wordsOf(entry: Entry): string {
  if (entry.problem) return entry.problem.message;
  if (entry.stage === "heard" && entry.heard) return entry.heard.sentence;
  if (entry.stage === "explaining" && entry.heard) return `${entry.heard.sentence} ${text.listen.stage.explaining}`;
  if (entry.stage === "refused") return text.listen.refused(entry.ahead);
  if (entry.stage === "waiting" && entry.ahead > 0) return text.listen.ahead(entry.ahead);
  return text.listen.stage[entry.stage];
}
