// The inputs of both forms, read with what they must be.

import { Combobox } from "../combobox.ts";
import { h } from "../dom.ts";
import { text } from "../text.ts";

export function numberInput(attributes: Record<string, string | number>): HTMLInputElement {
  return h("input", { type: "number", ...attributes });
}

// The number that is written, null for an empty field.
export function numberOf(input: HTMLInputElement): number | null {
  return input.value.trim() === "" ? null : Number(input.value);
}

// Names with completion, each of which becomes a chip.
export class Wishes {
  readonly element: HTMLElement;
  private readonly box: Combobox;
  private readonly chips = h("ul", { class: "chips" });
  private readonly wishes: string[] = [];

  constructor(name: string, placeholder: string) {
    this.box = new Combobox(name, placeholder, () => this.add());
    const add = h("button", { type: "button", onclick: () => this.add() }, text.make.add);
    this.chips.setAttribute("aria-label", name);
    this.element = h("div", { class: "wishes" }, h("div", { class: "with-button" }, this.box.element, add), this.chips);
  }

  // What is still in the field counts, too.
  get values(): string[] {
    const last = this.box.value;
    return last ? [...this.wishes, last] : [...this.wishes];
  }

  private add(): void {
    const words = this.box.value;
    if (!words) return;
    this.wishes.push(words);
    this.box.value = "";
    const chip = h("li", {}, words);
    const drop = h("button", { type: "button", class: "quietly", "aria-label": text.make.drop(words) }, "×");
    drop.addEventListener("click", () => {
      this.wishes.splice(this.wishes.indexOf(words), 1);
      chip.remove();
      this.box.input.focus();
    });
    chip.append(drop);
    this.chips.append(chip);
  }
}

// One of several ways to ask, of which only the chosen one's fields are shown.
export function ways(name: string, options: [string, string, HTMLElement][], chosen: (way: string) => void): HTMLElement {
  const parts = options.map(([way, , part]) => h("div", { class: "way", "data-way": way }, part));
  const use = (way: string) => {
    for (const part of parts) part.hidden = part.dataset.way !== way;
    chosen(way);
  };
  const id = `way-${name.replaceAll(/\W+/g, "-")}`;
  const radios = options.map(([way, words], n) => {
    const radio = h("input", { type: "radio", name: id, value: way, checked: n === 0 });
    radio.addEventListener("change", () => use(way));
    return h("label", {}, radio, words);
  });
  use(options[0]?.[0] ?? "");
  return h("fieldset", { class: "ways" }, h("legend", {}, name), h("div", { class: "choices" }, ...radios), ...parts);
}
