// A cloud of points to turn with the pointer or the keys: what `turnable.py` writes into a page, without any library.
//
// A place is [x, y, z], nearly all of them in a ball of radius 1: x to the right, y up, z towards the eye. A view is
// {yaw, pitch, zoom}, its angles in radians. A spot is where a place is seen, {x, y} in CSS pixels with `near` from 0
// (far) to 1 (near). All above `Turnable` is pure, for tests.

const EYE = 3.2; // radii from the middle to the eye
const CLOSEST = 1; // what is farther out than the eye is drawn as if it were this far before it
const START = Object.freeze({ yaw: 0.5, pitch: 0.35, zoom: 1 });
const STEP = 0.12; // radians that an arrow key turns by
const REACH = 14; // pixels from a spot within which it is picked

function rotate([x, y, z], { yaw, pitch }) {
  const depth = z * Math.cos(yaw) - x * Math.sin(yaw);
  return [
    x * Math.cos(yaw) + z * Math.sin(yaw),
    y * Math.cos(pitch) - depth * Math.sin(pitch),
    y * Math.sin(pitch) + depth * Math.cos(pitch),
  ];
}

function project(place, view, width, height) {
  const [x, y, z] = rotate(place, view);
  const scale = (0.45 * Math.min(width, height) * view.zoom * EYE) / Math.max(EYE - z, CLOSEST);
  return { x: width / 2 + scale * x, y: height / 2 - scale * y, near: Math.min(1, Math.max(0, (z + 1) / 2)) };
}

function turned(view, yaw, pitch) {
  const upright = Math.PI / 2; // beyond it, left would be right
  return { ...view, yaw: view.yaw + yaw, pitch: Math.min(upright, Math.max(-upright, view.pitch + pitch)) };
}

function zoomed(view, factor) {
  return { ...view, zoom: Math.min(8, Math.max(0.5, view.zoom * factor)) };
}

// The spot next to the pointer, the nearer to the eye where two are as close; null where none is within reach.
function picked(spots, x, y) {
  const distance = (spot) => Math.hypot(spot.x - x, spot.y - y) - spot.near;
  const close = spots.filter((spot) => Math.hypot(spot.x - x, spot.y - y) <= REACH);
  return close.reduce((best, spot) => (best === null || distance(spot) < distance(best) ? spot : best), null);
}

function overlap(one, other) {
  const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const up = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, across) * Math.max(0, up);
}

// Where a name of this size stands beside its spot: the first of eight sides that covers nothing, else the one that
// covers least. `taken` are boxes {x, y, width, height} from the upper left corner; the name stays in the canvas.
function settled(spot, width, height, taken, canvas) {
  const gap = 12;
  const sides = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
  const boxes = sides.map(([right, down]) => {
    const x = spot.x + right * (gap + width / 2) - width / 2;
    const y = spot.y + down * (gap + height / 2) - height / 2;
    const within = (value, most) => Math.min(Math.max(value, 2), most - 2);
    return { x: within(x, canvas.width - width), y: within(y, canvas.height - height), width, height };
  });
  const covered = (box) => taken.reduce((sum, there) => sum + overlap(box, there), 0);
  return boxes.reduce((best, box) => (covered(box) < covered(best) ? box : best));
}

class Turnable {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector("canvas");
    this.box = figure.querySelector(".told");
    this.data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.view = START;
    this.hidden = new Set();
    this.pointers = new Map();
    this.spots = [];
    this.waiting = false;
    this.listen();
    this.later();
  }

  listen() {
    const on = (name, act) => this.canvas.addEventListener(name, act);
    on("pointerdown", (event) => this.pressed(event));
    on("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"]) on(name, (event) => this.pointers.delete(event.pointerId));
    on("pointerleave", (event) => event.pointerType === "mouse" && this.tell(null)); // a tap leaves at once
    on("keydown", (event) => this.keyed(event));
    on("wheel", (event) => this.wheeled(event));
    for (const button of this.figure.querySelectorAll("button[data-act]")) {
      button.addEventListener("click", () => this.acted(button.dataset.act));
    }
    this.figure.addEventListener("change", () => this.chosen());
    this.dark.addEventListener("change", () => this.later());
    new ResizeObserver(() => this.later()).observe(this.canvas);
  }

  see(view) {
    this.view = view;
    this.tell(null);
    this.later();
  }

  pressed(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.tell(this.at(event), event);
  }

  moved(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.tell(this.at(event), event);
    const now = [event.offsetX, event.offsetY];
    const other = [...this.pointers].find(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[1][0], y - other[1][1]));
      return this.see(zoomed(this.view, apart(now) / apart(before)));
    }
    const radians = Math.PI / this.canvas.clientWidth; // a drag over the whole width is half a turn
    return this.see(turned(this.view, (now[0] - before[0]) * radians, (now[1] - before[1]) * radians));
  }

  keyed(event) {
    const turns = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const acts = { "+": "nearer", "=": "nearer", "-": "farther", 0: "reset", Home: "reset" };
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    if (event.key in turns) this.see(turned(this.view, ...turns[event.key]));
    else if (event.key in acts) this.acted(acts[event.key]);
    else return;
    event.preventDefault();
  }

  wheeled(event) {
    if (document.activeElement !== this.canvas) return; // else a reader who scrolls by would be caught
    event.preventDefault();
    this.see(zoomed(this.view, Math.exp(-event.deltaY / 600)));
  }

  acted(act) {
    if (act === "nearer") this.see(zoomed(this.view, 1.2));
    if (act === "farther") this.see(zoomed(this.view, 1 / 1.2));
    if (act === "reset") this.see(START);
    if (act !== "all" && act !== "none") return;
    for (const choice of this.figure.querySelectorAll("input")) choice.checked = act === "all";
    this.chosen();
  }

  chosen() {
    const off = [...this.figure.querySelectorAll("input")].filter((choice) => !choice.checked);
    this.hidden = new Set(off.map((choice) => Number(choice.value)));
    this.see(this.view);
  }

  at(event) {
    return picked(this.spots, event.offsetX, event.offsetY);
  }

  tell(spot, event) {
    this.box.hidden = spot === null;
    if (spot === null) return;
    const [label, detail] = this.box.children;
    label.textContent = spot.label;
    detail.textContent = spot.detail;
    const { clientWidth, clientHeight } = this.canvas;
    const right = event.offsetX + 14 + this.box.offsetWidth < clientWidth;
    this.box.style.left = `${Math.max(0, right ? event.offsetX + 14 : event.offsetX - 14 - this.box.offsetWidth)}px`;
    this.box.style.top = `${Math.max(0, Math.min(event.offsetY + 14, clientHeight - this.box.offsetHeight))}px`;
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.scale(ratio, ratio);
    this.pen.lineJoin = "round";
    const style = getComputedStyle(this.figure);
    [this.ink, this.paper, this.quiet] = ["--ink", "--paper", "--quiet"].map((name) => style.getPropertyValue(name));
    this.colours = this.dark.matches ? this.data.dark : this.data.light;
    const taken = this.drawAxes(width, height);
    const clips = this.seen("points", width, height);
    const means = this.seen("means", width, height);
    for (const spot of clips) this.drawMark(spot, 2.2 + 2.6 * spot.near, 0.35 + 0.5 * spot.near);
    for (const spot of means) this.drawMark(spot, 7 + 3 * spot.near, 1);
    this.drawNames(means, taken);
    this.spots = [...clips, ...means];
  }

  // Clips or means that are not hidden, as spots with their genre and what is told of them, the farthest first.
  seen(kind, width, height) {
    const { genres, names, labels, details } = this.data;
    const told = {
      points: (number) => ({ genre: genres[number], label: labels[number], detail: details[number] }),
      means: (genre) => ({
        genre,
        label: names[genre],
        detail: `mean of ${genres.filter((other) => other === genre).length} clips`,
      }),
    }[kind];
    return this.data[kind]
      .map((place, number) => ({ ...project(place, this.view, width, height), ...told(number) }))
      .filter((spot) => !this.hidden.has(spot.genre))
      .sort((one, other) => one.near - other.near);
  }

  drawMark(spot, size, alpha) {
    const pen = this.pen;
    pen.beginPath();
    for (const [x, y] of this.data.shapes[spot.genre]) pen.lineTo(spot.x + size * x, spot.y - size * y);
    pen.closePath();
    pen.globalAlpha = alpha;
    pen.fillStyle = this.colours[spot.genre];
    pen.fill();
    pen.lineWidth = size > 6 ? 1.2 : 0.4;
    pen.strokeStyle = this.ink;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // The axes through the middle, each with its name where it is positive; gives the boxes of the names.
  drawAxes(width, height) {
    const pen = this.pen;
    const taken = [];
    this.data.axes.forEach((name, number) => {
      const end = [0, 1, 2].map((axis) => (axis === number ? 1 : 0));
      const [from, to] = [end.map((value) => -value), end].map((place) => project(place, this.view, width, height));
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      pen.lineTo(to.x, to.y);
      pen.lineWidth = 1;
      pen.strokeStyle = this.quiet;
      pen.globalAlpha = 0.6;
      pen.stroke();
      pen.globalAlpha = 1;
      taken.push(this.write(name, to, taken, "12px system-ui, sans-serif", this.quiet));
    });
    return taken;
  }

  drawNames(means, taken) {
    const marks = means.map((spot) => ({ x: spot.x - 9, y: spot.y - 9, width: 18, height: 18 }));
    const filled = [...taken, ...marks];
    for (const spot of [...means].reverse()) { // the nearest choose first
      filled.push(this.write(this.data.names[spot.genre], spot, filled, "600 14px system-ui, sans-serif", this.ink));
    }
  }

  write(words, spot, taken, font, ink) {
    const pen = this.pen;
    pen.font = font;
    const canvas = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    const box = settled(spot, pen.measureText(words).width, 17, taken, canvas);
    pen.textBaseline = "middle";
    pen.lineWidth = 3;
    pen.strokeStyle = this.paper;
    pen.strokeText(words, box.x, box.y + box.height / 2);
    pen.fillStyle = ink;
    pen.fillText(words, box.x, box.y + box.height / 2);
    return box;
  }
}
