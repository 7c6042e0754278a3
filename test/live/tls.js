// tls.js: a server behind https, which is trusted by `ca=` and not otherwise, by a name, by
// an IPv6 address, and with a path before the databases.
'use strict';
const { assert, ask, server, test, start, finish } = require('./world.js');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { execFileSync, spawn } = require('node:child_process');

const program = process.env.CHESTERFIELD;

function certificate() {
	execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
		'-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:::1',
		'-keyout', 'key.pem', '-out', 'ca.pem'], { stdio: 'ignore' });
	return { key: fs.readFileSync('key.pem'), cert: fs.readFileSync('ca.pem') };
}

// Hands /couch/... on to the server.
function hand_on(request, answer) {
	const target = new URL(server);
	const onward = http.request({
		host: target.hostname, port: target.port, method: request.method,
		path: request.url.replace(/^\/couch/, ''),
		headers: { ...request.headers, host: target.host },
	}, (got) => {
		answer.writeHead(got.statusCode, got.headers);
		got.pipe(answer);
	});
	onward.on('error', () => answer.destroy());
	request.pipe(onward);
}

function docs(...args) {
	return new Promise((resolve) => {
		const child = spawn(program, ['docs', ...args],
			{ stdio: ['ignore', 'pipe', 'pipe'] });
		let out = '', err = '';
		child.stdout.on('data', (data) => { out += data; });
		child.stderr.on('data', (data) => { err += data; });
		child.on('close', (code) => resolve({ code, out, err }));
	});
}

async function main() {
	start();
	fs.writeFileSync('in.ndjson', '{"_id":"a","n":1}\n');
	const name = `live-tls-${process.pid}`;
	const front = https.createServer(certificate(), hand_on);
	await new Promise((resolve) => front.listen(0, '::', resolve));
	const port = front.address().port, user = new URL(server);
	const login = user.username ? `${user.username}:${user.password}@` : '';
	const put = (host, parameters) => docs('put', '--store',
		`https://${login}${host}:${port}/couch/${name}${parameters}`, 'in.ndjson');

	await test('an unknown certificate is refused', async () => {
		const { code, err } = await put('localhost', '');
		assert.strictEqual(code, 1);
		assert.ok(err.includes('certificate') && err.includes('ca=FILE'), err);
		assert.strictEqual((await ask('GET', `/${name}`)).status, 404);
	});
	await test('one that is vouched for is trusted', async () => {
		const { code, out, err } = await put('localhost', '?ca=ca.pem');
		assert.strictEqual(code, 0, err);
		assert.ok(out.startsWith('{"id":"a","rev":"1-'), out);
	});
	await test('by an IPv6 address, too', async () => {
		const { code, err } = await put('[::1]', '?ca=ca.pem');
		assert.strictEqual(code, 0, err);
	});
	await test('but not by another name', async () => {
		const { code, err } = await put('127.0.0.1', '?ca=ca.pem');
		assert.strictEqual(code, 1);
		assert.ok(err.includes('127.0.0.1'), err);
	});
	await ask('DELETE', `/${name}`);
	front.closeAllConnections();
	front.close();
	finish();
}

main();
