// A field that completes what is written in it, as the pattern "editable combobox with list autocomplete" of the ARIA
// authoring practices has it: arrows choose, Enter takes, Escape closes.

import { api } from "./api.ts";
import { fill, fresh, h, Latest } from "./dom.ts";
import type { Completion } from "./schema.ts";
import { text } from "./text.ts";

const PAUSE_MS = 120;

export class Combobox {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  private readonly list: HTMLUListElement;
  private readonly latest = new Latest();
  private completions: Completion[] = [];
  private active = -1;
  private timer = 0;

  constructor(
    name: string,
    placeholder: string,
    private readonly entered: (words: string) => void = () => undefined,
  ) {
    const id = fresh("completions");
    this.list = h("ul", { id, role: "listbox", class: "completions", hidden: true, "aria-label": text.combobox.list });
    this.input = h("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": name,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": id,
      placeholder,
    });
    this.element = h("div", { class: "combobox" }, this.input, this.list);
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.complete(), PAUSE_MS);
    });
    this.input.addEventListener("keydown", (event) => this.keyed(event));
    this.input.addEventListener("blur", () => this.close());
  }

  get value(): string {
    return this.input.value.trim();
  }

  set value(words: string) {
    this.input.value = words;
  }

  private complete(): void {
    const words = this.input.value;
    if (!words.trim()) return this.close();
    const show = (completions: Completion[]) => this.show(completions);
    void this.latest.of(api.complete(words), show, () => this.close()); // without completions it is a field as any other
    return undefined;
  }

  private show(completions: Completion[]): void {
    if (document.activeElement !== this.input) return;
    this.completions = completions;
    this.active = -1;
    const options = completions.map((each, n) => {
      const option = h("li", { role: "option", id: `${this.list.id}-${n}`, "aria-selected": "false" }, each.text, h("span", { class: "quiet" }, ` ${each.kind}`));
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the field keeps the focus
        this.take(n);
      });
      return option;
    });
    fill(this.list, ...options);
    this.open(options.length > 0);
  }

  private open(open: boolean): void {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.input.removeAttribute("aria-activedescendant");
  }

  private close(): void {
    clearTimeout(this.timer);
    this.completions = [];
    this.open(false);
  }

  private move(step: number): void {
    const count = this.completions.length;
    this.active = (this.active + step + count + (this.active < 0 && step < 0 ? 1 : 0)) % count;
    [...this.list.children].forEach((option, n) => {
      option.setAttribute("aria-selected", String(n === this.active));
      if (n === this.active) option.scrollIntoView({ block: "nearest" });
    });
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
  }

  private take(n: number): void {
    const chosen = this.completions[n];
    if (chosen) this.input.value = this.input.value.slice(0, chosen.from) + chosen.insert;
    this.close();
  }

  private keyed(event: KeyboardEvent): void {
    const open = !this.list.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) this.move(event.key === "ArrowDown" ? 1 : -1);
    else if (open && this.active >= 0 && (event.key === "Enter" || event.key === "Tab")) this.take(this.active);
    else if (open && event.key === "Escape") this.close();
    else if (event.key === "Enter") {
      this.close();
      this.entered(this.value);
    } else return;
    if (event.key !== "Tab") event.preventDefault();
  }
}
