// The fields above the map: search, colour, which map, which tool.

import { h } from "../dom.ts";
import { percent } from "../numbers.ts";
import type { MapData } from "../schema.ts";
import { text } from "../text.ts";

export type Shape = "curved" | "flat" | "solid";

export interface Wanted {
  shape(shape: Shape): void;
  colour(choice: string): void;
  search(rows: number[] | null, go: number): void;
  tool(tool: "move" | "lasso"): void;
  names(shown: boolean): void;
}

export class Fields {
  readonly element: HTMLElement;
  readonly found = h("div", { class: "found-count", role: "status" }); // stands on the map, so that nothing moves
  private readonly texts: string[];
  private matches: number[] = [];
  private turn = -1;

  constructor(
    private readonly map: MapData,
    private readonly wanted: Wanted,
  ) {
    this.texts = map.titles.map((title, n) => plain(`${map.artists[n] ?? ""} ${title}`));
    const names = h("input", { type: "checkbox", checked: true });
    names.addEventListener("change", () => wanted.names(names.checked));
    this.element = h(
      "div",
      { class: "fields", role: "search" },
      h("label", {}, text.map.search, this.searchField()),
      h("label", {}, text.map.colour, this.colours()),
      h("label", {}, text.map.shape, this.shapes()),
      map.kind === "collection" && this.tools(),
      (map.planes.curved ?? map.planes.flat)?.regions.length !== 0 && h("label", {}, names, text.map.names),
    );
  }

  private searchField(): HTMLElement {
    const input = h("input", { type: "search", placeholder: text.map.searchExample });
    input.addEventListener("input", () => this.search(input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.matches.length) return;
      event.preventDefault();
      this.turn = (this.turn + (event.shiftKey ? this.matches.length - 1 : 1)) % this.matches.length;
      this.wanted.search(this.matches, this.matches[this.turn] ?? -1);
    });
    return input;
  }

  private search(question: string): void {
    const words = plain(question).split(/\s+/).filter(Boolean);
    this.turn = -1;
    this.matches = words.length ? [...this.texts.keys()].filter((n) => words.every((word) => this.texts[n]?.includes(word))) : [];
    this.found.textContent = words.length ? text.map.found(this.matches.length) : "";
    this.wanted.search(words.length ? this.matches : null, -1);
  }

  private colours(): HTMLElement {
    const select = h("select", {}, h("option", { value: "genre" }, text.map.genre));
    if (this.map.planes.curved) select.append(h("option", { value: "kept" }, text.map.keptName));
    const groups = new Map<string, HTMLOptGroupElement>();
    for (const { group, name } of this.map.colours) {
      const there = groups.get(group) ?? h("optgroup", { label: group });
      groups.set(group, there);
      there.append(h("option", { value: JSON.stringify({ group, name }) }, name));
    }
    select.append(...groups.values());
    select.addEventListener("change", () => this.wanted.colour(select.value));
    return select;
  }

  private shapes(): HTMLElement {
    const { planes, solid } = this.map;
    const share = (kept: number | null | undefined) => (kept === null || kept === undefined ? "" : text.map.keeps(percent(kept)));
    const select = h(
      "select",
      { class: "shape" },
      planes.curved && h("option", { value: "curved" }, text.map.curved + share(planes.curved.kept)),
      planes.flat && h("option", { value: "flat" }, text.map.flat + share(planes.flat.kept)),
      solid && h("option", { value: "solid" }, text.map.solid),
    );
    select.addEventListener("change", () => this.wanted.shape(select.value as Shape));
    return select;
  }

  private tools(): HTMLElement {
    const button = (tool: "move" | "lasso", words: string) => {
      const each = h("button", { type: "button", "aria-pressed": String(tool === "move") }, words);
      each.addEventListener("click", () => {
        for (const other of each.parentElement?.querySelectorAll("button") ?? []) other.setAttribute("aria-pressed", String(other === each));
        this.wanted.tool(tool);
      });
      return each;
    };
    return h("span", { class: "tools", role: "group", "aria-label": text.map.tools }, button("move", text.map.move), button("lasso", text.map.lasso));
  }
}

// Texts as they are searched: without case and accents.
function plain(words: string): string {
  return words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
