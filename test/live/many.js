// many.js: databases that come, change and go while services follow them by a pattern.
'use strict';
const { execFile, spawn } = require('node:child_process');
const { promisify } = require('node:util');
const { assert, server, ask, until, test, start, finish, pouchServer } = require('./world.js');

const catalog = `${process.env.CHESTERFIELD_SOURCE}/examples/todo`;
const own = `many${process.pid}`;
const state = `${own}-state`;
const services = [];
const execute = promisify(execFile);

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
		await until('the entry', async () =>
			(await execute(process.env.CHESTERFIELD, args)).stdout.includes('todo-item@1:bad'));
	});
	await test('what waits in all of them is shown together', async () => {
		const look = async (...args) => (await execute(process.env.CHESTERFIELD, [...args, '--store',
			server, '--state', `${server}/${state}`, '--json']))
			.stdout.trim().split('\n').map((line) => JSON.parse(line));
		const of = ['--db', `${own}-user*`];
		await until('nothing to be behind', async () =>
			(await look('status', ...of)).find((row) => 'not_begun' in row).behind === 0);
		const all = await look('status', ...of);
		const sum = all.find((row) => 'not_begun' in row), rows = all.filter((row) => row.database);
		assert.strictEqual(rows[0].database, name('u4'), 'the worst first');
		assert.strictEqual(rows.length, users.length + 1);
		// test1 matches, too, and nothing runs on it.
		assert.deepStrictEqual([sum.databases, sum.not_begun, sum.quarantined],
			[users.length + 1, 1, 1]);
		const entries = await look('quarantine', 'list', ...of);
		assert.deepStrictEqual(entries.map((entry) => [entry.database, entry.id]),
			[[name('u4'), 'todo-item@1:bad']]);
		const counts = await look('quarantine', 'list');
		assert.deepStrictEqual(counts, [{ database: name('u4'), entries: 1 },
			{ databases: 1, not_begun: 0, entries: 1 }]);
		const shown = await look('quarantine', 'show', 'todo-item@1:bad', '--db', name('u4'));
		assert.strictEqual(shown[0].id, 'todo-item@1:bad');
		const usage = await look('usage', ...of, '-c', catalog);
		const items = usage.find((row) => row.version === 'todo-item@1');
		assert.ok(items.writes >= users.length + 1, JSON.stringify(items));
		assert.strictEqual((await look('quarantine', 'retry', '--all', ...of))[0].retry, 1);
	});
	await test('whether a version is complete in all of them', async () => {
		const ask3 = (...of) => execute(process.env.CHESTERFIELD, ['status', '--for', '3.0.0',
			'-c', catalog, '--store', server, '--state', `${server}/${state}`, '--json', ...of])
			.catch((error) => error);
		await ask('PUT', `/${name('u4')}/todo-item@1:bad2`, { ...item(7), title: 7 });
		await until('the second one', async () => JSON.parse((await ask3('--db', name('u4'))).stdout
			.split('\n')[0]).invalid === 2);
		const all = await ask3('--db', `${own}-user*`);
		assert.strictEqual(all.code, 3, all.stderr);
		const lines = all.stdout.trim().split('\n').map((line) => JSON.parse(line));
		assert.strictEqual(lines[0].database, name('u4'));
		const sum = lines.find((line) => line.version === 'todo-item@3');
		assert.deepStrictEqual([sum.made, sum.invalid, sum.complete],
			[users.length + 1, 2, false]);
		const good = await ask3('--db', name('u1'), '--db', name('u2'));
		assert.ok(!good.code, good.stdout + good.stderr);
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
	await test('processes share without being told, and take the part of one that is killed', async () => {
		for (const service of [...services]) await stop(service);
		serve();
		serve();
		const parts = async () => (await execute(process.env.CHESTERFIELD, ['status', '--store', server,
			'--state', `${server}/${state}`, '--db', `${own}-user*`, '--json'])).stdout.trim()
			.split('\n').map((line) => JSON.parse(line)).filter((row) => row.engine)
			.map((row) => row.databases);
		const count = users.length + 1;
		await until('each to have a part', async () => {
			const now = await parts();
			return now.length === 2 && now[0] > 0 && now[1] > 0 && now[0] + now[1] === count;
		});
		for (const user of users) await put(user, 'eight');
		for (const user of users) await arrives(user, 'eight');
		await stop(services[0], 'SIGKILL');
		for (const user of users) await put(user, 'nine');
		for (const user of users) await arrives(user, 'nine');
		await until('one to have all', async () => {
			const now = await parts();
			return now.length === 1 && now[0] === count;
		});
	});
	await test('what cannot be had is said, and no more than that', async () => {
		const said = services.map((service) => service.said).join('');
		assert.strictEqual(said.includes('_global_changes'), pouchServer, said);
	});
	for (const service of [...services]) await stop(service);
	await test('a version is retired in all of them', async () => {
		const { stdout } = await execute(process.env.CHESTERFIELD, ['retire', 'todo-item@2', '-c',
			catalog, '--store', server, '--state', `${server}/${state}`, '--db', `${own}-user*`,
			'--purge', '--yes', '--json']);
		assert.strictEqual(JSON.parse(stdout).deleted, users.length + 1);
		assert.strictEqual((await ask('GET', `/${name('u7')}/todo-item@2:a`)).status, 404);
	});
	const { body } = await ask('GET', '/_all_dbs');
	for (const db of body.filter((db) => db.startsWith(own)))
		await ask('DELETE', `/${encodeURIComponent(db)}`);
	finish();
}

main();
