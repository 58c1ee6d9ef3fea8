// The page: what all views share, the head with their names, and the view that the address names.

import { api, problemOf } from "./api.ts";
import { Context } from "./context.ts";
import { fill, h } from "./dom.ts";
import { ListenView } from "./listen/view.ts";
import { MakeView } from "./make/view.ts";
import { MapView } from "./map/view.ts";
import { ModelView } from "./model/view.ts";
import { markPlayButtons, trouble } from "./parts.ts";
import { rush } from "./patience.ts";
import { Player } from "./player.ts";
import { playerBar } from "./player_bar.ts";
import "./style/base.css";
import "./style/listen.css";
import "./style/map.css";
import "./style/model.css";
import { text } from "./text.ts";

// A view is made when it is first shown, and stays as it is left. `show` is given what stands behind its name in the
// address: "#/listen/17" shows the view "listen" with "17".
export interface View {
  element: HTMLElement;
  show(rest: string): void;
}

const VIEWS: Record<string, { title: string; make: (context: Context) => View }> = {
  listen: { title: text.nav.listen, make: (context) => new ListenView(context) },
  map: { title: text.nav.map, make: (context) => new MapView(context) },
  make: { title: text.nav.make, make: (context) => new MakeView(context) },
  model: { title: text.nav.model, make: (context) => new ModelView(context) },
};

const links = new Map(
  Object.entries(VIEWS).map(([name, { title }]) => [name, h("a", { href: `#/${name}` }, title)]),
);
const main = h("main", { id: "main", tabindex: "-1" });
const about = h("span", { class: "about quiet" });
document.body.append(
  h("a", { class: "skip", href: "#main", onclick: skip }, text.nav.skip),
  h(
    "header",
    { class: "top" },
    h("span", { class: "mark" }, "earmark"),
    h("nav", { "aria-label": text.nav.name }, ...links.values()),
    about,
  ),
  main,
);

function skip(event: Event): void {
  event.preventDefault(); // the address names the view
  main.focus();
}

function route(context: Context): void {
  const shown = new Map<string, View>();
  const show = () => {
    const [, asked = "", rest = ""] = /^#\/([a-z]+)\/?(.*)$/.exec(location.hash) ?? [];
    const name = asked in VIEWS ? asked : "listen";
    const about = VIEWS[name];
    if (!about) return;
    const view = shown.get(name) ?? about.make(context);
    shown.set(name, view);
    for (const [each, link] of links) {
      if (each === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${about.title} · earmark`;
    document.body.dataset.view = name;
    if (view.element.parentElement !== main) fill(main, view.element);
    view.show(decoded(rest));
  };
  addEventListener("hashchange", show);
  show();
}

// What stands in an address, also where somebody mistyped it.
function decoded(words: string): string {
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}

// Says at the foot of the page that the server is waited for.
function patience(): HTMLElement {
  const said = h("div", { class: "patience", role: "status" });
  rush.onChange((seconds) => {
    said.textContent = seconds ? text.failure.rush(seconds) : "";
  });
  return said;
}

async function start(): Promise<void> {
  document.body.append(patience());
  try {
    const state = await api.state();
    const context = new Context(state, new Player());
    about.textContent = text.nav.about(state.model, state.collection?.count ?? 0);
    document.body.append(playerBar(context.player));
    context.player.onChange(() => markPlayButtons(context.player));
    route(context);
  } catch (failure) {
    fill(main, h("h1", {}, text.failure.start), trouble(problemOf(failure)));
  }
}

void start();
