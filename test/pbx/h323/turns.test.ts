// Connections for call signalling with many small messages at once: they are taken in their order, some in each turn of the event loop.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tpktPacket } from '../../../pbx/h323/tpkt.ts';
import { SignallingConnection } from '../../../pbx/h323/transport/connection.ts';
import { systemClock } from '../../../shared/clock.ts';
import { eventually } from '../../support/eventually.ts';

const PACKETS = 3000;
const MOST_IN_TURN = 20;

describe('a connection for call signalling', () => {
  let server: Server;
  let client: Socket;
  let connection: SignallingConnection;
  let taken: number[];
  /** Messages that were taken without a break, so far and at most. */
  let inTurn: number;
  let most: number;

  beforeEach(async () => {
    taken = [];
    inTurn = 0;
    most = 0;
    server = createServer(socket => {
      connection = new SignallingConnection({
        ...{ clock: systemClock(), socket, id: '1', isOurs: false, isKept: () => true },
        packet: packet => {
          if (inTurn === 0)
            queueMicrotask(() => {
              inTurn = 0;
            });
          inTurn++;
          most = Math.max(most, inTurn);
          taken.push(packet.readUInt16BE());
        },
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as { port: number }).port, '127.0.0.1');
    await once(client, 'connect');
  });
  afterEach(() => {
    client.destroy();
    connection.close();
    server.close();
  });

  const numbered = (count: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, at) => tpktPacket(Buffer.of(at >> 8, at & 255))));

  it('takes thousands of messages in their order, no more than twenty in a turn', async () => {
    client.write(numbered(PACKETS));
    await eventually('all messages', () => taken.length === PACKETS);
    assert.deepEqual(taken, [...Array(PACKETS).keys()]);
    assert.ok(most <= MOST_IN_TURN, `${most} in a turn`);
  });

  it('takes what came before octets that are no TPKT, and closes then', async () => {
    client.write(Buffer.concat([numbered(PACKETS), Buffer.from('GET / HTTP/1.1')]));
    await eventually('all messages', () => taken.length === PACKETS);
    await eventually('the end', () => connection.closed);
  });
});
