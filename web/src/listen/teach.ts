// A word of one's own, taught from here: tracks that have it, tracks that have not, and what the server makes of them.

import { api, problemOf } from "../api.ts";
import { type Context, type Example, titleOf } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import { busy, field, trouble } from "../parts.ts";
import type { Heard, Item, Taught, TeachWord } from "../schema.ts";
import { text } from "../text.ts";

const MOST_FOUND = 8;

export class Teach {
  readonly element: HTMLElement;
  readonly close: () => void; // when the page of the track is left
  private readonly word = h("input", { type: "text", name: "word", autocomplete: "off", maxlength: "60", required: true });
  private readonly lists = h("div", { class: "examples" });
  private readonly said = h("div", { role: "status" });
  private readonly known = h("div", { class: "known" });
  private words: string[] = []; // that are taught already

  constructor(
    private readonly context: Context,
    heard: Heard,
  ) {
    const { examples } = context;
    const here: Example = { id: heard.id, name: heard.item?.title ?? heard.name };
    const button = (kind: "yes" | "no", words: string) =>
      h("button", { type: "button", onclick: () => examples.add(kind, here) }, words);
    const form = h("form", {}, field(text.teach.word, this.word), this.lists, h("button", { type: "submit", class: "first" }, text.teach.teach));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.teach(false);
    });
    this.element = h(
      "section",
      { class: "teach" },
      h("h2", {}, text.teach.title),
      h("p", { class: "quiet" }, text.teach.about),
      h("p", { class: "buttons" }, button("yes", text.teach.yes), button("no", text.teach.no)),
      context.hasCollection && this.finder(),
      form,
      this.said,
      this.known,
    );
    this.close = examples.onChange(() => this.list());
    this.list();
    void this.tellKnown();
  }

  // Further examples, by their names.
  private finder(): HTMLElement {
    const { examples } = this.context;
    const input = h("input", { type: "search", placeholder: text.picker.placeholder });
    const found = h("ul", { class: "plain found" });
    const latest = new Latest();
    const row = (item: Item) => {
      const example = { id: item.id, name: item.title };
      const add = (kind: "yes" | "no", words: string) =>
        h("button", { type: "button", class: "quietly", "aria-label": `${titleOf(item)}: ${words}`, onclick: () => examples.add(kind, example) }, words);
      return h("li", {}, titleOf(item), " ", add("yes", text.teach.has), add("no", text.teach.hasNot));
    };
    input.addEventListener("input", () => {
      const words = input.value.trim();
      if (!words) return fill(found);
      void latest.of(api.tracks(words, MOST_FOUND), ({ tracks }) => fill(found, ...tracks.map(row)), () => fill(found));
      return undefined;
    });
    return h("div", {}, field(text.teach.more, input), found);
  }

  private list(): void {
    const { yes, no } = this.context.examples;
    fill(this.lists, this.examplesOf(text.teach.has, yes), this.examplesOf(text.teach.hasNot, no));
  }

  private examplesOf(name: string, examples: Example[]): HTMLElement | null {
    if (!examples.length) return null;
    const items = examples.map((each) =>
      h("li", {}, each.name, h("button", { type: "button", class: "quietly", "aria-label": text.teach.drop(each.name), onclick: () => this.context.examples.remove(each.id) }, "×")),
    );
    return h("div", {}, h("span", { class: "group" }, name), h("ul", { class: "chips", "aria-label": name }, ...items));
  }

  private async teach(again: boolean): Promise<void> {
    const { yes, no } = this.context.examples;
    const word = this.word.value.trim();
    if (!word) return;
    fill(this.said, busy(text.teach.learning));
    try {
      const ids = (examples: Example[]) => examples.map((each) => each.id);
      this.tell(await api.teach({ word, examples: ids(yes), counter: ids(no), again }));
      this.context.examples.clear();
      await this.tellKnown();
    } catch (failure) {
      const problem = problemOf(failure);
      const retry = this.words.includes(word) && h("button", { type: "button", onclick: () => void this.teach(true) }, text.teach.again);
      fill(this.said, trouble(problem), retry);
    }
  }

  private tell({ sentences }: Taught): void {
    fill(this.said, ...sentences.map((words) => h("p", { class: "remark" }, words)));
  }

  private async tellKnown(): Promise<void> {
    const words = await api.taught().catch((): TeachWord[] => []);
    this.words = words.map(({ word }) => word);
    const rows = words.map(({ word, short }) =>
      h("li", {}, h("strong", {}, word), h("span", { class: "quiet" }, ` ${short}`), " ", h("button", { type: "button", class: "quietly", "aria-label": text.teach.forget(word), onclick: () => void this.forget(word) }, text.teach.forgetShort)),
    );
    fill(this.known, rows.length > 0 && h("h3", {}, text.teach.known), h("ul", { class: "plain" }, ...rows));
  }

  private async forget(word: string): Promise<void> {
    try {
      await api.forget(word);
    } catch (failure) {
      fill(this.said, trouble(problemOf(failure)));
    }
    await this.tellKnown();
  }
}
