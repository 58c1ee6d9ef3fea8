// The page of `earmark map`: what the pointer, the keys and the fields do to a map that `Painter` draws.
//
// `collection_map.py` makes the data, `collection_map_model.js` counts with them.

const WHEEL = 500; // pixels of a wheel that make a picture e times as large
const PAN = 60; // pixels that an arrow key moves by
const CLICK = 5; // pixels that a pointer may move within a click
const MOST_LISTED = 12; // matches of a search
const CLOSER = 2.2; // times the first view, from where small regions are named
const SPAN = 9; // times the first view, at which a track is shown that was searched for

class CollectionMap {
  constructor(figure, data) {
    this.figure = figure;
    this.data = data;
    this.part = (name) => figure.querySelector(`[data-part="${name}"]`);
    this.canvas = this.part("canvas");
    this.count = data.titles.length;
    this.values = bytesOf(data.values);
    this.neighbours = { rows: numbersOf(data.neighbours.rows, 32), cosines: bytesOf(data.neighbours.cosines) };
    this.tracks = new Tracks(data, this.values);
    this.panel = new Panel(figure, this.tracks, (n) => this.select(n, { play: true, centre: true }));
    this.texts = data.titles.map((title, n) => plain(`${this.tracks.artist(n)} ${title} ${data.paths[n]}`));
    this.painter = new Painter(this.canvas, figure);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.pointers = new Map();
    this.scene = { matches: null, selected: -1, hovered: -1, neighbours: [], hidden: [], regions: [], radius: 3 };
    this.waiting = false;
    this.fillChoices();
    this.usePlane(0);
    this.colourBy(data.first);
    this.listen();
    this.fromAddress();
  }

  // ---- what is shown

  fillChoices() {
    const groups = new Map();
    this.data.modes.forEach((mode, n) => {
      if (!groups.has(mode.group)) groups.set(mode.group, made("optgroup", { label: mode.group }));
      groups.get(mode.group).append(made("option", { value: String(n) }, mode.name));
    });
    this.part("colour").append(...groups.values());
    this.data.planes.forEach((plane, n) => {
      this.part("plane").append(made("option", { value: String(n) }, `${plane.name} (keeps ${percent(plane.share)})`));
    });
    this.part("planes").hidden = this.data.planes.length < 2;
  }

  usePlane(number) {
    const { canvas, scene } = this;
    this.plane = this.data.planes[number];
    this.kept = bytesOf(this.plane.kept);
    scene.places = placesOf(this.plane);
    this.grid = gridOf(scene.places);
    this.whole = fitted(boundsOf(scene.places), canvas.clientWidth || 600, canvas.clientHeight || 400);
    this.tellEnds();
    this.see(this.whole);
    if (this.mode) this.colourBy(this.data.modes.indexOf(this.mode));
    if (scene.selected >= 0) this.select(scene.selected, { play: false });
  }

  tellEnds() {
    const arrows = ["←", "→", "↓", "↑"];
    ["left", "right", "bottom", "top"].forEach((side, n) => {
      const names = this.plane.ends[n].slice(0, 3).map(([name]) => name);
      this.part(`end-${side}`).textContent = names.length ? `${arrows[n]} ${names.join(", ")}` : "";
    });
    const about = this.data.planes.indexOf(this.plane);
    for (const each of this.figure.querySelectorAll("[data-about]")) each.hidden = Number(each.dataset.about) !== about;
  }

  colourBy(number) {
    const { scene } = this;
    this.mode = this.data.modes[number];
    this.part("colour").value = String(number);
    scene.mode = this.mode;
    scene.classes = classesOf(this.mode, this.values, this.kept, this.count);
    scene.order = drawingOrder(scene.classes, this.mode.kind !== "classes");
    scene.hidden = this.mode.labels.map(() => false);
    this.fillLegend();
    this.later();
  }

  fillLegend() {
    const counts = countsOf(this.scene.classes, this.mode.labels.length);
    const rows = this.mode.labels.map((label, n) => {
      const box = made("input", { type: "checkbox", value: String(n), checked: "" });
      const corners = this.mode.shapes[n].map(([x, y]) => `${x},${-y}`).join(" ");
      const mark = made("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" });
      mark.append(made("polygon", { points: corners }));
      mark.style.setProperty("--light", this.mode.light[n]);
      mark.style.setProperty("--dark", this.mode.dark[n]);
      const row = made("label", {});
      row.append(box, mark, made("span", {}, label), made("span", { class: "quiet" }, String(counts[n])));
      return counts[n] || (this.mode.kind !== "classes" && n < 5) ? row : null;
    });
    this.part("legend").replaceChildren(...rows.filter((row) => row));
    this.part("legend-name").textContent = `Coloured by ${this.mode.name}`;
  }

  see(view) {
    const nearer = view.scale / this.whole.scale;
    const small = this.count > 5000 ? 2.4 : this.count > 1000 ? 3 : this.count > 200 ? 4 : 6;
    this.scene.view = view;
    const room = Math.min(1, Math.max(0.7, Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / 600)); // a phone
    this.scene.radius = Math.round(2 * Math.min(8, small * room * Math.max(1, nearer) ** 0.4)) / 2;
    this.scene.regions = this.part("names").checked ? this.plane.regions[nearer >= CLOSER ? 1 : 0] : [];
    this.later();
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.scene.dark = this.dark.matches;
      this.painter.draw(this.scene);
    });
  }

  // ---- what is asked for

  listen() {
    const on = (target, name, act) => target.addEventListener(name, act);
    on(this.canvas, "pointerdown", (event) => this.pressed(event));
    on(this.canvas, "pointermove", (event) => this.moved(event));
    on(this.canvas, "pointerup", (event) => this.released(event));
    on(this.canvas, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(this.canvas, "pointerleave", () => this.hover(-1));
    on(this.canvas, "wheel", (event) => this.wheeled(event));
    on(this.canvas, "keydown", (event) => this.keyed(event));
    on(this.part("colour"), "change", (event) => this.colourBy(Number(event.target.value)));
    on(this.part("plane"), "change", (event) => this.usePlane(Number(event.target.value)));
    on(this.part("names"), "change", () => this.see(this.scene.view));
    on(this.part("legend"), "change", (event) => this.toggle(Number(event.target.value), event.target.checked));
    on(this.part("search"), "input", () => this.search());
    on(this.part("search"), "keydown", (event) => this.searchKeyed(event));
    for (const button of this.figure.querySelectorAll("[data-act]")) {
      on(button, "click", () => this.acted(button.dataset.act));
    }
    on(document, "keydown", (event) => this.keyedAnywhere(event));
    on(this.dark, "change", () => this.later());
    new ResizeObserver(() => this.resized()).observe(this.canvas);
  }

  resized() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const nearer = this.scene.view.scale / this.whole.scale;
    this.whole = fitted(boundsOf(this.scene.places), width, height);
    this.see(nearer === 1 ? this.whole : { ...this.scene.view, scale: nearer * this.whole.scale });
  }

  zoom(factor, left = this.canvas.clientWidth / 2, top = this.canvas.clientHeight / 2) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.see(zoomed(this.scene.view, factor, left, top, width, height, this.whole));
  }

  pressed(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { now: [event.offsetX, event.offsetY], from: [event.offsetX, event.offsetY] });
    this.moving = this.pointers.size > 1;
  }

  moved(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return this.hover(this.at(event.offsetX, event.offsetY, event.pointerType), event);
    const [before, now] = [pointer.now, [event.offsetX, event.offsetY]];
    const far = Math.hypot(now[0] - pointer.from[0], now[1] - pointer.from[1]) > CLICK;
    if (!this.moving && !far) return undefined;
    this.moving = true;
    pointer.now = now;
    this.hover(-1);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return this.see(panned(this.scene.view, now[0] - before[0], now[1] - before[1]));
    const apart = ([x, y]) => Math.max(1, Math.hypot(x - other.now[0], y - other.now[1]));
    this.see(panned(this.scene.view, (now[0] - before[0]) / 2, (now[1] - before[1]) / 2));
    return this.zoom(apart(now) / apart(before), (now[0] + other.now[0]) / 2, (now[1] + other.now[1]) / 2);
  }

  released(event) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (!pointer || this.moving) return;
    const place = this.at(event.offsetX, event.offsetY, event.pointerType);
    if (place >= 0) this.select(place, { play: true });
    else this.deselect();
    this.hover(-1);
  }

  // The dot under the pointer, -1 for none; a finger is broader than a mouse.
  at(left, top, kind) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { places, view, hidden, classes, radius } = this.scene;
    const reach = Math.max(radius + 3, kind === "touch" ? 18 : 9) / view.scale;
    return nearestAt(places, this.grid, ...toPlane(view, left, top, width, height), reach, (n) => !hidden[classes[n]]);
  }

  wheeled(event) {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 4 : 1); // a pinch on a touchpad
    this.zoom(Math.exp(-pixels / WHEEL), event.offsetX, event.offsetY);
  }

  keyed(event) {
    const pans = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    const acts = { "+": "nearer", "=": "nearer", "-": "farther", 0: "whole", Home: "whole", n: "next", p: "play" };
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    if (event.key in pans) this.see(panned(this.scene.view, ...pans[event.key]));
    else if (event.key in acts) this.acted(acts[event.key]);
    else if (event.key === "Enter") this.chooseMiddle();
    else if (event.key === "Escape") this.deselect();
    else return;
    event.preventDefault();
  }

  keyedAnywhere(event) {
    const writing = event.target instanceof Element && event.target.closest("input[type=search], select, audio");
    if (event.key !== "/" || writing) return;
    event.preventDefault();
    this.part("search").focus();
  }

  acted(act) {
    if (act === "nearer") this.zoom(1.4);
    if (act === "farther") this.zoom(1 / 1.4);
    if (act === "whole") this.see(this.whole);
    if (act === "next") this.goOn();
    if (act === "play") this.panel.playOrPause();
    if (act === "all" || act === "none") {
      for (const box of this.part("legend").querySelectorAll("input")) box.checked = act === "all";
      this.scene.hidden.fill(act === "none");
      this.later();
    }
  }

  toggle(label, shown) {
    this.scene.hidden[label] = !shown;
    this.later();
  }

  // With the keyboard alone: what is next to the middle of what is seen.
  chooseMiddle() {
    const { places, view, hidden, classes } = this.scene;
    const reach = Math.hypot(this.canvas.clientWidth, this.canvas.clientHeight) / view.scale;
    const place = nearestAt(places, this.grid, view.x, view.y, reach, (n) => !hidden[classes[n]]);
    if (place >= 0) this.select(place, { play: false });
  }

  // From one true neighbour to the next, and to none twice on one way.
  goOn() {
    const { selected, neighbours } = this.scene;
    if (selected < 0) return this.chooseMiddle();
    const way = new Set([...this.way, selected]);
    const next = neighbours.find(({ place }) => !way.has(place)) ?? neighbours[0];
    this.select(next.place, { play: false, centre: true });
    this.way = way;
    return undefined;
  }

  // ---- searching

  search() {
    const question = this.part("search").value;
    this.matches = found(question, this.texts);
    this.turn = -1;
    this.scene.matches = plain(question).trim() ? new Set(this.matches) : null;
    const more = this.matches.length ? "; Enter: next" : "";
    this.part("found").textContent = this.scene.matches ? `${this.matches.length} found${more}` : "";
    this.part("results").replaceChildren(...this.matches.slice(0, MOST_LISTED).map((n) => this.panel.button(n)));
    this.later();
  }

  searchKeyed(event) {
    if (event.key === "Escape") {
      event.target.value = "";
      this.search();
    }
    if (event.key !== "Enter" || !this.matches?.length) return;
    event.preventDefault();
    this.turn = (this.turn + (event.shiftKey ? this.matches.length - 1 : 1)) % this.matches.length;
    this.select(this.matches[this.turn], { play: false, centre: true });
  }

  // ---- a track

  hover(n, event) {
    const box = this.part("told");
    if (this.scene.hovered !== n) {
      this.scene.hovered = n;
      this.later();
    }
    box.hidden = n < 0;
    this.canvas.classList.toggle("pointed", n >= 0);
    if (n < 0) return;
    const answers = this.tracks.answers(n).map((words) => made("span", {}, words));
    box.replaceChildren(made("b", {}, this.tracks.name(n)), ...answers);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const right = event.offsetX + 16 + box.offsetWidth < width;
    box.style.left = `${Math.max(0, right ? event.offsetX + 16 : event.offsetX - 16 - box.offsetWidth)}px`;
    box.style.top = `${Math.max(0, Math.min(event.offsetY + 16, height - box.offsetHeight))}px`;
  }

  neighboursOf(n) {
    const { count } = this.data.neighbours;
    return Array.from({ length: count }, (_, k) => {
      const place = this.neighbours.rows[n * count + k];
      const between = nearerThan(this.scene.places, n, place);
      return { place, between, far: isFar(between, this.count), cosine: this.neighbours.cosines[n * count + k] / STEPS };
    });
  }

  select(n, { play, centre = false }) {
    this.way = new Set();
    this.scene.selected = n;
    this.scene.neighbours = this.neighboursOf(n);
    if (centre) this.centre(n);
    this.panel.show(n, this.scene.neighbours, this.kept[n]);
    this.panel.load(n, play);
    this.later();
  }

  deselect() {
    this.scene.selected = -1;
    this.scene.neighbours = [];
    this.panel.clear();
    this.later();
  }

  centre(n) {
    const { xs, ys } = this.scene.places;
    const closer = Math.min(SPAN, 1 + this.count / 100) * this.whole.scale; // where there are few, there is room already
    this.see({ x: xs[n], y: ys[n], scale: Math.max(this.scene.view.scale, closer) });
  }

  // An address of the page with #track=NAME opens it at that track.
  fromAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1)).get("track");
    const place = wanted === null ? -1 : found(wanted, this.texts)[0] ?? -1;
    if (place >= 0) this.select(place, { play: false, centre: true });
  }
}
