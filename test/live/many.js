// many.js: databases that come, change and go while services follow them by a pattern.
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const { assert, server, ask, until, test, start, finish, pouchServer } = require('./world.js');

const catalog = `${process.env.CHESTERFIELD_SOURCE}/examples/todo`;
const own = `many${process.pid}`;
const state = `${own}-state`;
const services = [];

function serve(...options) {
	const service = spawn(process.env.CHESTERFIELD, ['run', '-c', catalog, '--store', server,
		'--state', `${server}/${state}`, '--db', `${own}-user*`, '--db', `!${own}-user-test*`,
		'--connections', '6', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
	service.said = '';
	service.stderr.on('data', (data) => { service.said += data; });
	services.push(service);
	return service;
}

async function stop(service, signal = 'SIGTERM') {
	services.splice(services.indexOf(service), 1);
	if (service.exitCode !== null || service.signalCode !== null) return service.exitCode;
	return new Promise((resolve) => {
		service.once('exit', resolve);
		service.kill(signal);
	});
}

const name = (user) => `${own}-user-${user}`;
const item = (title) => ({ schema: 'todo-item', version: 1, title, isDone: false });

async function make(user, title) {
	await until(`database ${user}`, async () =>
		[201, 202].includes((await ask('PUT', `/${name(user)}`)).status));
	await put(user, title);
}

async function put(user, title) {
	const id = 'todo-item@1:a';
	const now = (await ask('GET', `/${name(user)}/${id}`)).body;
	const answer = await ask('PUT', `/${name(user)}/${id}`, { ...item(title), _rev: now._rev });
	assert.ok(answer.status < 300, JSON.stringify(answer));
}

async function arrives(user, title) {
	await until(`"${title}" in version 3 of ${user}`, async () =>
		(await ask('GET', `/${name(user)}/todo-item@3:a`)).body.title === title);
}

async function stateOf(user) {
	const key = (text) => encodeURIComponent(JSON.stringify(text));
	const { body } = await ask('GET', `/${state}/_all_docs?start_key=${key(name(user) + '/')}` +
		`&end_key=${key(name(user) + '0')}`);
	return body.rows.map((row) => row.id);
}

async function main() {
	start();
	const users = Array.from({ length: 12 }, (_, i) => `u${i}`);
	await test('all that match are followed, and no others', async () => {
		for (const user of users) await make(user, 'one');
		await make('test1', 'one');
		serve();
		for (const user of users) await arrives(user, 'one');
		assert.strictEqual((await ask('GET', `/${name('test1')}/todo-item@3:a`)).status, 404);
	});
	await test('a change in one that was idle arrives', async () => {
		await put('u5', 'two');
		await arrives('u5', 'two');
	});
	await test('one that is made later is followed, too', async () => {
		await make('late', 'three');
		await arrives('late', 'three');
	});
	await test('its lists are those of the database', async () => {
		await ask('PUT', `/${name('u4')}/todo-item@1:bad`, { ...item(7), title: 7 });
		const args = ['quarantine', 'list', '--store', `${server}/${name('u4')}`, '--state',
			`${server}/${state}`, '--json'];
		await until('the entry', () => execFileSync(process.env.CHESTERFIELD, args,
			{ encoding: 'utf8' }).includes('todo-item@1:bad'));
	});
	await test('of one that is deleted nothing is kept', async () => {
		await until('state of u3', async () => (await stateOf('u3')).length > 0);
		await ask('DELETE', `/${name('u3')}`);
		await until('the state of u3 to be erased', async () => (await stateOf('u3')).length === 0);
		// Of the same name, and another one's.
		await make('u3', 'four');
		await arrives('u3', 'four');
	});
	await test('killed and started again, it goes on', async () => {
		await stop(services[0], 'SIGKILL');
		await put('u1', 'five');
		// Made anew while nobody looked: pouchdb-server does not know one from the other.
		if (!pouchServer) await ask('DELETE', `/${name('u2')}`);
		if (!pouchServer) await make('u2', 'six');
		serve();
		await arrives('u1', 'five');
		if (!pouchServer) await arrives('u2', 'six');
	});
	await test('two parts do all of it', async () => {
		await stop(services[0]);
		for (const user of users) await put(user, 'seven');
		serve('--shard', '1/2');
		serve('--shard', '2/2');
		for (const user of users) await arrives(user, 'seven');
	});
	await test('what cannot be had is said, and no more than that', async () => {
		const said = services.map((service) => service.said).join('');
		assert.strictEqual(said.includes('_global_changes'), pouchServer, said);
	});
	for (const service of [...services]) await stop(service);
	const { body } = await ask('GET', '/_all_dbs');
	for (const db of body.filter((db) => db.startsWith(own)))
		await ask('DELETE', `/${encodeURIComponent(db)}`);
	finish();
}

main();
