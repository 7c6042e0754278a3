// proxy.js: stands before a server and does what networks, proxies and servers do: cuts
// before the request arrives, after it was done, or in the middle of the answer; answers
// 429, 500, 503, or with a page of HTML; sends a request twice; says an answer twice; waits.
// When, is decided by a seed.
'use strict';
const http = require('node:http');

const faults = ['refuse', 'lose', 'half', '429', '500', '503', 'html', 'again', 'twice', 'wait'];

// mulberry32
function random(seed) {
	return () => {
		seed = seed + 0x6d2b79f5 | 0;
		let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
		t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
		return ((t ^ t >>> 14) >>> 0) / 4294967296;
	};
}

class Proxy {
	constructor(target, seed, percent) {
		this.target = new URL(target);
		this.next = random(seed);
		this.percent = percent;
		this.counts = {};
		this.agent = new http.Agent({ keepAlive: true });
		this.server = http.createServer((request, answer) => this.serve(request, answer));
	}

	async start() {
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		const url = new URL(this.target);
		url.port = this.server.address().port;
		return url.href.replace(/\/$/, '');
	}

	heal() {
		this.percent = 0;
	}

	stop() {
		this.agent.destroy();
		this.server.closeAllConnections();
		this.server.close();
	}

	forward(request, body) {
		return new Promise((resolve, reject) => {
			const onward = http.request({
				host: this.target.hostname, port: this.target.port || 80,
				method: request.method, path: request.url, agent: this.agent,
				headers: { ...request.headers, host: this.target.host, 'accept-encoding': 'identity' },
			}, (answer) => {
				const pieces = [];
				answer.on('data', (piece) => pieces.push(piece));
				answer.on('end', () => resolve({
					status: answer.statusCode, type: answer.headers['content-type'] || 'text/plain',
					body: Buffer.concat(pieces),
				}));
				answer.on('error', reject);
			});
			onward.on('error', reject);
			onward.end(body);
		});
	}

	async serve(request, answer) {
		const pieces = [];
		for await (const piece of request) pieces.push(piece);
		const body = Buffer.concat(pieces);
		let fault = 'none';
		if (this.next() * 100 < this.percent)
			fault = faults[Math.floor(this.next() * faults.length)];
		this.counts[fault] = (this.counts[fault] || 0) + 1;
		try {
			await this.play(fault, request, body, answer);
		} catch (error) {
			request.socket.destroy();
		}
	}

	async play(fault, request, body, answer) {
		const send = (status, type, text) => {
			answer.writeHead(status, {
				'Content-Type': type, 'Content-Length': text.length,
				// What comes behind an answer would else be taken for the next one.
				...(fault === 'twice' && { Connection: 'close' }),
			});
			if (fault === 'twice') answer.write(text);
			else answer.end(text);
		};
		if (fault === 'refuse') return request.socket.destroy();
		if (fault === '429' || fault === '503')
			return send(+fault, 'application/json', '{"error":"slow","reason":"down"}');
		if (fault === 'wait') await new Promise((resolve) => setTimeout(resolve, 100));
		if (fault === 'again') await this.forward(request, body);
		const real = await this.forward(request, body);
		if (fault === 'lose') return request.socket.destroy();
		if (fault === '500') return send(500, 'text/plain', 'Oops');
		if (fault === 'html') return send(200, 'text/html', '<html>Sign in</html>');
		if (fault === 'half') {
			answer.writeHead(real.status, {
				'Content-Type': real.type, 'Content-Length': real.body.length + 1,
			});
			answer.write(real.body.subarray(0, real.body.length / 2));
			return setImmediate(() => request.socket.destroy());
		}
		send(real.status, real.type, real.body);
		if (fault === 'twice')
			request.socket.end(`HTTP/1.1 ${real.status} OK\r\nContent-Type: ${real.type}\r\n` +
				`Content-Length: ${real.body.length}\r\n\r\n${real.body}`);
	}
}

module.exports = { Proxy };
