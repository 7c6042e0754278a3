// faults.js: apps write while the service's way to the server is as bad as it gets.
'use strict';
const { assert, server, until, story, start, finish } = require('./world.js');
const { Proxy } = require('./proxy.js');

const seeds = (process.env.CHESTERFIELD_LIVE_SEEDS || '1').split(' ').map(Number);

async function main() {
	start();
	for (const seed of seeds)
		await story(`nothing is lost on a bad network, seed ${seed}`, async (world) => {
			const proxy = new Proxy(server, seed, 15);
			const through = await proxy.start();
			try {
				world.start(through);
				const apps = [await world.app(1), await world.app(2), await world.app(3)];
				for (let round = 0; round < 8; round++) {
					for (const app of apps) {
						for (let i = 0; i < 5; i++)
							await app.save(`v${app.version}-${i}`, {
								title: `round ${round}`,
								...(app.version === 1 ? { isDone: round % 2 === 0 }
									: { status: round % 2 ? 'active' : 'blocked' }),
								...(app.version === 3 && { groupId: 'g' }),
							});
						if (app.version === 3 && round === 0)
							await app.db.put({ _id: 'group@1:g', schema: 'group', version: 1, name: 'G' });
						await app.sync();
					}
					// One item goes each round, and one process.
					await apps[round % 3].remove(`v${round % 3 + 1}-${round % 5}`);
					await apps[round % 3].sync();
					if (round % 3 === 2) {
						await world.stop('SIGKILL');
						world.start(through);
					}
				}
				await until('some changes to be read', async () =>
					(await world.get('todo-item@1:v3-0')) || (await world.get('todo-item@1:v3-1')));
				proxy.heal();
				await world.settle();
				// What the apps have is what the server has, in every version.
				for (const app of apps)
					for (let i = 0; i < 5; i++) {
						const own = await app.get(`v${app.version}-${i}`);
						for (const v of [1, 2, 3]) {
							const id = `todo-item@${v}:v${app.version}-${i}`;
							const doc = await world.get(id);
							assert.strictEqual(doc && doc.title, own && own.title, id);
							const live = (await world.leaves(id)).filter((leaf) => !leaf._deleted);
							assert.ok(live.length <= 1, `${id} has ${live.length} live leaves`);
						}
					}
				assert.deepStrictEqual(world.list('conflicts'), []);
				assert.deepStrictEqual(world.list('quarantine'), []);
				const kinds = Object.keys(proxy.counts);
				assert.ok(kinds.length > 7, `faults: ${JSON.stringify(proxy.counts)}`);
			} finally {
				proxy.stop();
			}
		}, { late: true });
	finish();
}

main();
