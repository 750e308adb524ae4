// 平面直角座標系: degrees on GRS80 to metres in one of Japan's 19 plane rectangular zones.
// Formulas of the Geospatial Information Authority of Japan (Kawase 2011, 国土地理院時報 第121集), to the fifth order;
// good to well below a millimetre inside a zone.

const A = 6378137;
const N = 1 / (2 * 298.257222101 - 1);
const SCALE = 0.9999;
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4 - (127 / 288) * N ** 5,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4 + (281 / 630) * N ** 5,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4 + (15061 / 26880) * N ** 5,
  (49561 / 161280) * N ** 4 - (179 / 168) * N ** 5,
  (34729 / 80640) * N ** 5,
];
const ARC = [
  1 + N ** 2 / 4 + N ** 4 / 64,
  (-3 / 2) * (N - N ** 3 / 8 - N ** 5 / 64),
  (15 / 16) * (N ** 2 - N ** 4 / 4),
  (-35 / 48) * (N ** 3 - (5 / 16) * N ** 5),
  (315 / 512) * N ** 4,
  (-693 / 1280) * N ** 5,
];
const UNIT = (SCALE * A) / (1 + N);
const radians = (degrees) => (degrees * Math.PI) / 180;

/**
 * @param {number} lat degrees
 * @param {number} lon degrees
 * @param {[number, number]} origin latitude and longitude of the zone's origin, degrees
 * @returns {{x: number, y: number}} metres: x to the north, y to the east
 */
export function toPlane(lat, lon, origin) {
  const phi = radians(lat);
  const root = (2 * Math.sqrt(N)) / (1 + N);
  const t = Math.sinh(Math.atanh(Math.sin(phi)) - root * Math.atanh(root * Math.sin(phi)));
  const lambda = radians(lon - origin[1]);
  const xi = Math.atan2(t, Math.cos(lambda));
  const eta = Math.atanh(Math.sin(lambda) / Math.sqrt(1 + t * t));
  let [north, east] = [xi, eta];
  ALPHA.forEach((alpha, index) => {
    const j = 2 * (index + 1);
    north += alpha * Math.sin(j * xi) * Math.cosh(j * eta);
    east += alpha * Math.cos(j * xi) * Math.sinh(j * eta);
  });
  return { x: UNIT * ARC[0] * north - meridian(radians(origin[0])), y: UNIT * ARC[0] * east };
}

function meridian(phi) {
  return UNIT * ARC.reduce((sum, part, j) => sum + (j ? part * Math.sin(2 * j * phi) : part * phi), 0);
}

/** Length in metres of a line of plane points. */
export function lengthOf(points) {
  return points.slice(1).reduce((sum, point, i) => sum + Math.hypot(point.x - points[i].x, point.y - points[i].y), 0);
}

/** Area in square metres that a line encloses when its end is joined to its beginning. */
export function areaOf(points) {
  const next = (i) => points[(i + 1) % points.length];
  return Math.abs(points.reduce((sum, point, i) => sum + point.x * next(i).y - next(i).x * point.y, 0)) / 2;
}
