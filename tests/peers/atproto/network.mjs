// A whole small AT Protocol network in one process: directory, personal server, index and moderation, as they really run.
// Ports come from the environment; prints READY and a JSON line when it can be spoken to.
import { TestNetwork, mockMailer } from '@atproto/dev-env';

const port = (name) => Number(process.env[`PORT_${name}`]);
const network = await TestNetwork.create({
  plc: { port: port('PLC') },
  pds: { port: port('PDS'), hostname: 'localhost', enableDidDocWithSession: true },
  bsky: { port: port('INDEX'), dbPostgresSchema: 'bsky', publicUrl: `http://localhost:${port('INDEX')}` },
  ozone: {
    port: port('OZONE'),
    chatUrl: 'http://localhost:1',
    chatDid: 'did:example:chat',
    dbMaterializedViewRefreshIntervalMs: 60_000,
  },
  introspect: { port: port('INTROSPECT') },
});
mockMailer?.(network.pds);
console.log('READY', JSON.stringify({ pds: network.pds.url, index: network.bsky.url, ozone: network.ozone.url }));

const stop = async () => {
  try {
    await network.close();
  } finally {
    process.exit(0);
  }
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
