// What the page of a collection's map counts with: data out of base64, views, a grid of places, classes, searches.
//
// All here is pure, for tests. A plane has places `xs`, `ys` (Float32Array), x to the right and y up. A view is
// {x, y, scale}: what is in the middle of the canvas, and CSS pixels for a step on the plane.

const UNTOLD = 255; // of an answer in 8 bits; 0 to 254 are shares
const STEPS = 254;
const ROOM = 0.88; // of the canvas, that the whole plane fills at first
const MOST_ZOOM = 200; // times the first view
const CELLS = 4; // places in a cell of the grid, on average

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes;
}

function numbersOf(base64, bits) { // little-endian, whatever the machine is
  const view = new DataView(bytesOf(base64).buffer);
  const count = (view.byteLength * 8) / bits;
  const numbers = bits === 16 ? new Uint16Array(count) : new Uint32Array(count);
  for (let n = 0; n < count; n++) numbers[n] = bits === 16 ? view.getUint16(2 * n, true) : view.getUint32(4 * n, true);
  return numbers;
}

function placesOf(plane) {
  const steps = numbersOf(plane.places, 16);
  const count = steps.length / 2;
  const [xs, ys] = [new Float32Array(count), new Float32Array(count)];
  for (let n = 0; n < count; n++) {
    xs[n] = plane.low[0] + plane.step * steps[2 * n];
    ys[n] = plane.low[1] + plane.step * steps[2 * n + 1];
  }
  return { xs, ys };
}

function boundsOf({ xs, ys }) {
  const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let n = 0; n < xs.length; n++) {
    bounds.left = Math.min(bounds.left, xs[n]);
    bounds.right = Math.max(bounds.right, xs[n]);
    bounds.bottom = Math.min(bounds.bottom, ys[n]);
    bounds.top = Math.max(bounds.top, ys[n]);
  }
  return bounds;
}

// The view in which the whole plane is seen.
function fitted(bounds, width, height) {
  const across = Math.max(bounds.right - bounds.left, 1e-6);
  const up = Math.max(bounds.top - bounds.bottom, 1e-6);
  const scale = ROOM * Math.min(width / across, height / up);
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.bottom + bounds.top) / 2, scale };
}

function toScreen(view, x, y, width, height) {
  return [width / 2 + (x - view.x) * view.scale, height / 2 - (y - view.y) * view.scale];
}

function toPlane(view, left, top, width, height) {
  return [view.x + (left - width / 2) / view.scale, view.y - (top - height / 2) / view.scale];
}

function panned(view, right, down) {
  return { ...view, x: view.x - right / view.scale, y: view.y + down / view.scale };
}

// Nearer by a factor; what is at (left, top) on the canvas stays there.
function zoomed(view, factor, left, top, width, height, whole) {
  const scale = Math.min(MOST_ZOOM * whole.scale, Math.max(whole.scale / 2, view.scale * factor));
  const [x, y] = toPlane(view, left, top, width, height);
  return { x: x - (left - width / 2) / scale, y: y + (top - height / 2) / scale, scale };
}

// Places by the cell of a square grid that they are in: `order` has those of one cell after the other, from `starts` on.
function gridOf({ xs, ys }) {
  const { left, right, bottom, top } = boundsOf({ xs, ys });
  const side = Math.max(1, Math.ceil(Math.sqrt(xs.length / CELLS)));
  const cell = Math.max(right - left, top - bottom, 1e-6) / side;
  const column = (x) => Math.min(side - 1, Math.max(0, Math.floor((x - left) / cell)));
  const row = (y) => Math.min(side - 1, Math.max(0, Math.floor((y - bottom) / cell)));
  const starts = new Uint32Array(side * side + 1);
  for (let n = 0; n < xs.length; n++) starts[row(ys[n]) * side + column(xs[n]) + 1]++;
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
  const [free, order] = [starts.slice(), new Uint32Array(xs.length)];
  for (let n = 0; n < xs.length; n++) order[free[row(ys[n]) * side + column(xs[n])]++] = n;
  return { side, column, row, starts, order };
}

// The place nearest to (x, y) within `reach` that `shown` lets pass; -1 where there is none.
function nearestAt({ xs, ys }, grid, x, y, reach, shown) {
  let [best, least] = [-1, reach * reach];
  for (let row = grid.row(y - reach); row <= grid.row(y + reach); row++) {
    for (let column = grid.column(x - reach); column <= grid.column(x + reach); column++) {
      const cell = row * grid.side + column;
      for (let k = grid.starts[cell]; k < grid.starts[cell + 1]; k++) {
        const n = grid.order[k];
        const square = (xs[n] - x) ** 2 + (ys[n] - y) ** 2;
        if (square <= least && shown(n)) [best, least] = [n, square];
      }
    }
  }
  return best;
}

// How many others lie nearer to a place than another one does.
function nearerThan({ xs, ys }, place, other) {
  const square = (n) => (xs[n] - xs[place]) ** 2 + (ys[n] - ys[place]) ** 2;
  const limit = square(other);
  let count = 0;
  for (let n = 0; n < xs.length; n++) if (n !== place && n !== other && square(n) < limit) count++;
  return count;
}

// From so many others in between on a true neighbour is shown far away.
function isFar(between, count) {
  return between > Math.max(30, count / 50);
}

function range(share) { // of five; what is not told comes behind them
  return share === UNTOLD ? 5 : Math.min(4, Math.floor((5 * share) / (STEPS + 0.5)));
}

// The class of each place in a mode, by `values` (columns, n) in 8 bits and the neighbours kept of ten.
function classesOf(mode, values, kept, count) {
  const classes = new Uint8Array(count);
  const told = (column, n) => values[column * count + n];
  const largest = (n) => mode.columns.reduce((best, column) => (told(column, n) > told(best, n) ? column : best));
  const ways = {
    classes: (n) => mode.columns.indexOf(largest(n)),
    top: (n) => range(told(largest(n), n)),
    share: (n) => range(told(mode.columns[0], n)),
    kept: (n) => Math.min(4, Math.floor(kept[n] / 2)),
  };
  for (let n = 0; n < count; n++) classes[n] = ways[mode.kind](n);
  return classes;
}

function countsOf(classes, labels) {
  const counts = new Array(labels).fill(0);
  for (const each of classes) counts[each]++;
  return counts;
}

// In which order places are drawn: shuffled, the same each time, so that no class lies over another; of a mode of
// ranges the highest last, as it is what one looks for.
function drawingOrder(classes, byClass) {
  const order = Uint32Array.from(classes, (_, n) => n);
  let state = 12345;
  for (let n = order.length - 1; n > 0; n--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // a linear congruence: enough to shuffle
    const other = state % (n + 1);
    [order[n], order[other]] = [order[other], order[n]];
  }
  if (!byClass) return order;
  const rank = (n) => (classes[n] === 5 ? -1 : classes[n]);
  return order.sort((one, other) => rank(one) - rank(other));
}

// Texts as they are searched: without case and accents.
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

// The places whose text has all words of a question, in their order; none for no words.
function found(question, texts) {
  const words = plain(question).split(/\s+/).filter((word) => word);
  if (!words.length) return [];
  const places = [];
  texts.forEach((text, n) => words.every((word) => text.includes(word)) && places.push(n));
  return places;
}

// Where a file is: its folders and name are encoded here, unless the page says its address.
function addressOf(data, n) {
  if (String(n) in data.addresses) return data.addresses[n];
  return data.address + data.paths[n].split("/").map(encodeURIComponent).join("/");
}

function clock(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), String(Math.floor(seconds % 60)).padStart(2, "0")];
  const [hours, left] = [Math.floor(minutes / 60), String(minutes % 60).padStart(2, "0")];
  return hours ? `${hours}:${left}:${rest}` : `${minutes}:${rest}`;
}

function percent(share) {
  return share >= 0.095 || share === 0 ? `${Math.round(100 * share)} %` : `${(100 * share).toFixed(1)} %`;
}

// Boxes {x, y, width, height}: those that cover nothing that is there, each in its turn.
function withoutOverlap(boxes, taken) {
  const kept = [];
  const beside = (one, other) => one.x + one.width < other.x || other.x + other.width < one.x;
  const above = (one, other) => one.y + one.height < other.y || other.y + other.height < one.y;
  const apart = (one, other) => beside(one, other) || above(one, other);
  for (const box of boxes) if ([...taken, ...kept].every((other) => apart(box, other))) kept.push(box);
  return kept;
}
