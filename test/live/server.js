// server.js: a pouchdb-server in memory, on a free port of the loopback. Writes its URL as
// the first line, and ends when its stdin does, so that it never outlives a test.
'use strict';
const http = require('http');
const PouchDB = require('pouchdb-core')
	.plugin(require('pouchdb-adapter-http'))
	.plugin(require('pouchdb-replication'))
	.plugin(require('pouchdb-mapreduce'))
	.plugin(require('pouchdb-adapter-memory'));

// What it keeps of its own (log, config) goes into the folder that it is started in.
const app = require('express-pouchdb')(PouchDB.defaults({ adapter: 'memory' }), {
	inMemoryConfig: true,
	logPath: 'pouchdb-server.log',
});
const server = http.createServer(app);
server.listen(0, '127.0.0.1', () => {
	process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
