// Lines that strangers can cause: one a minute for each address and kind, however much they send.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createLog } from '../../shared/log.ts';
import { clock, pbxLab } from '../support/cpe/pbx-lab.ts';
import { eventually } from '../support/eventually.ts';

describe('log of the PBX', () => {
  const { start } = pbxLab();

  it('has one line of each kind for what an address sends that is no good SIP', async () => {
    const lines: string[] = [];
    const log = createLog({ clock, level: 'info', write: line => void lines.push(line) });
    const pbx = await start({ log });
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let heard = 0;
    socket.on('message', () => heard++);
    const request = (id: number): string =>
      `OPTIONS sip:${id} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${id}\r\nMax-Forwards: 70\r\n` +
      `From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: ${id}\r\nCSeq: x OPTIONS\r\nContent-Length: 0\r\n\r\n`;
    for (let id = 0; id < 40; id++) {
      socket.send('no SIP at all\r\n\r\n', pbx.ports.udp);
      socket.send(request(id), pbx.ports.udp);
    }
    await eventually('answers', () => heard >= 20);
    socket.close();
    const counts = new Map<string, number>();
    for (const { msg } of lines.map(line => JSON.parse(line) as { msg: string }))
      counts.set(msg, (counts.get(msg) ?? 0) + 1);
    assert.deepEqual(
      [...counts].sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        ['SIP message refused', 1],
        ['malformed SIP message', 1],
      ],
    );
  });
});
