// world.js: what the tests with real apps are made of: a server of CouchDB's protocol, the
// service beside it (`chesterfield run`), and apps: PouchDB replicas of their own that read
// and write one version each. Cases are reported in TAP.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const { spawn, execFileSync } = require('node:child_process');
const PouchDB = require('pouchdb-core')
	.plugin(require('pouchdb-adapter-memory'))
	.plugin(require('pouchdb-adapter-http'))
	.plugin(require('pouchdb-replication'));
const { matchesSelector } = require('pouchdb-selector-core');

const program = process.env.CHESTERFIELD;
const server = process.env.CHESTERFIELD_LIVE_SERVER;
const pouchServer = process.env.CHESTERFIELD_LIVE_POUCHDB === '1';
const only = process.env.CHESTERFIELD_LIVE_ONLY; // words of the cases to run
const patience_ms = 60000;
const quiet_ms = 300; // the service answers a change in a tenth of that

// --- the server -----------------------------------------------------------------------

async function ask(method, path, body) {
	const url = new URL(server);
	const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
	if (url.username)
		headers.Authorization = 'Basic ' + Buffer.from(decodeURIComponent(url.username) +
			':' + decodeURIComponent(url.password)).toString('base64');
	const answer = await fetch(url.origin + path, {
		method, headers, body: body === undefined ? undefined : JSON.stringify(body),
	});
	return { status: answer.status, body: await answer.json().catch(() => null) };
}

// Waits until `condition` answers something true, which is the result.
async function until(words, condition) {
	const end = Date.now() + patience_ms;
	let why;
	while (Date.now() < end) {
		try {
			const value = await condition();
			if (value) return value;
			why = undefined;
		} catch (error) {
			why = error;
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	throw new Error(`waited in vain: ${words}${why ? ': ' + why.message : ''}`);
}

// --- one database, its service and its apps -------------------------------------------

class World {
	constructor(name, catalog) {
		this.name = `live-${name}-${process.pid}`;
		this.state = `${this.name}-state`;
		this.catalog = catalog;
		this.store = `${server}/${this.name}`;
		this.apps = [];
	}

	async open() {
		assert.ok((await ask('PUT', `/${this.name}`)).status < 300);
	}

	// `through`: a proxy's URL in place of the server's.
	start(through = server) {
		this.service = spawn(program, ['run', '-c', this.catalog, '--store',
			`${through}/${this.name}`, '--state', `${through}/${this.state}`], { stdio: ['ignore', 'ignore', 'pipe'] });
		this.said = '';
		this.service.stderr.on('data', (data) => { this.said += data; });
	}

	// Asks it to end, or kills it.
	async stop(signal = 'SIGTERM') {
		if (!this.service) return;
		const service = this.service;
		this.service = null;
		if (service.exitCode === null && service.signalCode === null) {
			const ended = new Promise((resolve) => service.once('exit', resolve));
			service.kill(signal);
			await ended;
		}
	}

	run(...args) {
		return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
	}

	// The lines of a list, as objects.
	list(name) {
		return this.run(name, 'list', '--store', this.store, '--state',
			`${server}/${this.state}`, '--json').split('\n').filter((line) => line)
			.map((line) => JSON.parse(line));
	}

	async app(version, options = {}) {
		const app = new App(this, version, options);
		this.apps.push(app);
		await app.open();
		return app;
	}

	// PouchDB as an app's page has it: its databases are local.
	local() {
		return PouchDB.defaults({ adapter: 'memory' });
	}

	async get(id) {
		const answer = await ask('GET', `/${this.name}/${encodeURIComponent(id)}`);
		return answer.status === 200 ? answer.body : null;
	}

	async leaves(id) {
		const answer = await ask('GET', `/${this.name}/${encodeURIComponent(id)}` +
			'?open_revs=all&revs=true');
		return answer.status === 200 ? answer.body.map((one) => one.ok) : [];
	}

	async put(doc) {
		const answer = await ask('PUT', `/${this.name}/${encodeURIComponent(doc._id)}`, doc);
		assert.ok(answer.status < 300, JSON.stringify(answer));
		return answer.body.rev;
	}

	async sequence() {
		return (await ask('GET', `/${this.name}`)).body.update_seq;
	}

	async info() {
		return (await ask('GET', `/${this.name}`)).body;
	}

	// Nobody writes any more: what the service is behind is 0 twice, with the same sequence
	// before and after.
	async silence() {
		await until('the database to fall silent', async () => {
			const before = await this.sequence();
			const status = JSON.parse(this.run('status', '--store', this.store, '--state',
				`${server}/${this.state}`, '--json'));
			if (status.behind !== 0) return false;
			await new Promise((resolve) => setTimeout(resolve, quiet_ms));
			return before === await this.sequence();
		});
	}

	// All apps have what the server has, and the other way round.
	async settle() {
		for (let quiet = 0; quiet < 2;) {
			await this.silence();
			const before = await this.sequence();
			for (const app of this.apps) await app.sync();
			await this.silence();
			quiet = before === await this.sequence() ? quiet + 1 : 0;
		}
	}

	async close() {
		await this.stop();
		for (const app of this.apps) await app.close();
		await ask('DELETE', `/${this.name}`);
		await ask('DELETE', `/${this.state}`);
	}
}

class App {
	constructor(world, version, options) {
		this.world = world;
		this.version = version;
		this.options = options;
	}

	async open() {
		App.count = (App.count || 0) + 1;
		this.db = new PouchDB(`app-${process.pid}-${App.count}`, { adapter: 'memory' });
		this.remote = new PouchDB(this.world.store, { adapter: 'http' });
		const text = this.options.selector || this.world.run('selector', '-c',
			this.world.catalog, '--for', `${this.version}.0.0`);
		this.selector = typeof text === 'string' ? JSON.parse(text).selector : text;
	}

	// pouchdb-server cannot select: its clients do.
	channel() {
		if (Object.keys(this.selector).length === 0) return {};
		return pouchServer ? { filter: (doc) => matchesSelector(doc, this.selector) }
			: { selector: this.selector };
	}

	async sync() {
		await PouchDB.replicate(this.db, this.remote);
		await PouchDB.replicate(this.remote, this.db, this.channel());
	}

	id(key) {
		return `todo-item@${this.version}:${key}`;
	}

	async get(key) {
		return this.db.get(this.id(key)).catch(() => null);
	}

	async save(key, members) {
		const doc = await this.get(key) ||
			{ _id: this.id(key), schema: 'todo-item', version: this.version };
		return this.db.put({ ...doc, ...members });
	}

	async remove(key) {
		return this.db.remove(await this.db.get(this.id(key)));
	}

	async ids() {
		return (await this.db.allDocs()).rows.map((row) => row.id);
	}

	async close() {
		await this.db.destroy();
	}
}

// --- cases -------------------------------------------------------------------------------

const tap = process.env.CK_TAP_LOG_FILE_NAME;
let cases = 0, failures = 0;

function say(line) {
	console.log(line);
	if (tap) fs.appendFileSync(tap, line + '\n');
}

async function test(name, run) {
	cases++;
	try {
		await run();
		say(`ok ${cases} - ${name}`);
	} catch (error) {
		failures++;
		say(`not ok ${cases} - ${name}`);
		say(String(error.stack || error).split('\n').map((line) => `#   ${line}`).join('\n'));
	}
}

// A case with a database and, unless told otherwise, a service of its own.
async function story(name, run, options = {}) {
	if (only && !name.includes(only)) return;
	await test(name, async () => {
		const world = new World(name.replace(/[^a-z0-9]+/gi, '-').toLowerCase().slice(0, 40),
			options.catalog || `${process.env.CHESTERFIELD_SOURCE}/examples/todo`);
		await world.open();
		try {
			if (!options.late) world.start();
			await run(world);
		} catch (error) {
			if (world.said) error.stack += `\nthe service said: ${world.said}`;
			throw error;
		} finally {
			await world.close();
		}
	});
}

function start() {
	if (tap) fs.writeFileSync(tap, '');
}

function finish() {
	say(`1..${cases}`);
	process.exit(failures ? 1 : 0);
}

module.exports = { assert, server, ask, until, story, test, start, finish, pouchServer };
