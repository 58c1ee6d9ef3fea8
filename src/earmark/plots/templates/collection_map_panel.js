// The track that is chosen: what it is, its true neighbours, its sound. And what there is to know of any track.

class Tracks {
  constructor(data, values) {
    this.data = data;
    this.values = values;
    this.count = data.titles.length;
  }

  artist(n) {
    return this.data.texts[this.data.artists[n]];
  }

  name(n) {
    return [this.artist(n), this.data.titles[n]].filter((part) => part).join(" – ");
  }

  facts(n) {
    const { data } = this;
    return [data.texts[data.years[n]], clock(data.durations[n])].filter((part) => part).join(", ");
  }

  answers(n) {
    const { data } = this;
    const tags = data.tags[n].map((tag) => data.texts[tag]);
    return [data.texts[data.words[n]], data.texts[data.moods[n]], tags.join(", ")].filter((part) => part);
  }

  shares(n) {
    const mode = this.data.modes.find((each) => each.kind === "classes");
    if (!mode) return "";
    const told = mode.columns.map((column, k) => [this.values[column * this.count + n] / STEPS, mode.labels[k]]);
    const first = told.sort(([one], [other]) => other - one).slice(0, 3).filter(([share]) => share >= 0.05);
    return first.map(([share, label]) => `${label} ${percent(share)}`).join(", ");
  }
}

class Panel {
  constructor(figure, tracks, choose) {
    this.part = (name) => figure.querySelector(`[data-part="${name}"]`);
    this.tracks = tracks;
    this.data = tracks.data;
    this.choose = choose;
    this.shown = -1;
    this.part("audio").addEventListener("error", () => this.cannotPlay());
  }

  // A track with its true neighbours, of which so many tenths are its nearest dots.
  show(n, neighbours, kept) {
    const { data, tracks } = this;
    this.shown = n;
    this.part("nothing").hidden = true;
    this.part("track").hidden = false;
    this.part("name").textContent = tracks.name(n);
    this.part("answers").replaceChildren(...tracks.answers(n).map((words) => made("li", {}, words)));
    this.part("shares").textContent = tracks.shares(n);
    this.part("facts").textContent = `${tracks.facts(n)}. ${[data.folder, data.paths[n]].join("/")}`;
    this.part("live").textContent = `${tracks.name(n)}: ${tracks.answers(n).join("; ")}`;
    this.tellNeighbours(neighbours, kept);
  }

  clear() {
    this.shown = -1;
    this.part("nothing").hidden = false;
    this.part("track").hidden = true;
    this.part("audio").pause();
  }

  button(n, more = "") {
    const button = made("button", { type: "button" }, this.tracks.name(n));
    button.addEventListener("click", () => this.choose(n));
    const item = made("li", {});
    item.append(button, ...(more ? [made("span", { class: "quiet" }, ` ${more}`)] : []));
    return item;
  }

  tellNeighbours(near, tenths) {
    const far = near.filter((each) => each.far);
    const kept = Math.round((tenths * near.length) / 10);
    const words = [`${kept} of ${near.length} are among its ${near.length} nearest dots.`];
    if (far.length === 1) words.push("One is shown far away (dashed): the map could not put it beside this dot.");
    if (far.length > 1) words.push(`${far.length} are shown far away (dashed): the map could not put them beside this dot.`);
    this.part("trust").textContent = words.join(" ");
    const rows = near.map(({ place, between, far: away, cosine }) =>
      this.button(place, `${cosine.toFixed(2)}${away ? `, far on the map: ${between} others lie between` : ""}`),
    );
    this.part("neighbours").replaceChildren(...rows);
  }

  load(n, play) {
    const audio = this.part("audio");
    const start = this.part("telling").checked ? this.data.starts[n] : 0;
    const address = addressOf(this.data, n) + (start ? `#t=${start}` : "");
    this.part("cannot").hidden = true;
    if (this.loaded !== address) audio.src = address;
    this.loaded = address;
    if (play) audio.play().catch(() => {}); // what is wrong comes as an event; what a browser forbids waits for a click
  }

  playOrPause() {
    const audio = this.part("audio");
    if (this.shown < 0) return;
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  }

  cannotPlay() {
    const path = this.data.paths[this.shown] ?? "";
    const kind = /\.[^./]+$/.exec(path)?.[0] ?? "such";
    const why = `it may not know ${kind} files, or the file is no longer there`;
    this.part("cannot").textContent = `This browser cannot play it: ${why}.`;
    this.part("cannot").hidden = this.shown < 0;
  }
}

function made(name, attributes, text = "") {
  const svg = ["svg", "polygon"].includes(name);
  const element = svg ? document.createElementNS("http:\u002f/www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}
