// A PBX on loopback and phones that use it, for the tests of the PBX.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import type { PbxOptions } from '../../../pbx/app.ts';
import { type Pbx, startPbx } from '../../../pbx/app.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import type { Dialog } from '../../../shared/sip/dialog.ts';
import type { ConnectOptions, Protocol } from '../../../shared/sip/flow-types.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { type Softphone, type SoftphoneOptions, startSoftphone } from './softphone.ts';

export const clock = systemClock();
export const random = systemRandom();
export const domain = 'lab.test';
export const users = ['100', '101', '102'].map(user => ({ user, password: `pw${user}` }));
export const savp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 5004 RTP/SAVP 0',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '',
].join('\r\n');

/** For use in a `describe`: makes the certificate before its tests, and stops all that each of them has started. */
export function pbxLab() {
  let cert = '';
  let key = '';
  let root = '';
  const open: { stop(): Promise<void> }[] = [];

  before(async () => {
    const ca = await createCa({ name: 'test', key: 'ec', clock, random });
    const issued = await ca.issue({ commonName: domain, ips: ['127.0.0.1'], usage: ['server', 'client'], key: 'rsa' });
    ({ chain: cert, key } = issued);
    ({ root } = ca);
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  const start = async (extra: Partial<PbxOptions> = {}): Promise<Pbx> => {
    const host = '127.0.0.1';
    const pbx = await startPbx({ host, tlsPort: 0, port: 0, cert, key, domain, users, clock, log, random, ...extra });
    open.push(pbx);
    return pbx;
  };
  const to = (pbx: Pbx, protocol: Protocol): ConnectOptions => {
    const port = pbx.ports[protocol] ?? 0;
    const base = { protocol, host: '127.0.0.1', port, localAddress: '127.0.0.1' };
    if (protocol !== 'tls') return base;
    const tls = async () => {
      const socket = tlsConnect({ host: '127.0.0.1', port, ca: root });
      await once(socket, 'secureConnect');
      return socket;
    };
    return { ...base, tlsConnect: tls };
  };
  const phone = async (
    pbx: Pbx,
    user: string,
    protocol: Protocol = 'tls',
    extra: Partial<SoftphoneOptions> = {},
  ): Promise<Softphone> => {
    const password = `pw${user}`;
    const made = await startSoftphone({ user, password, domain, connect: to(pbx, protocol), ...extra });
    open.push(made);
    return made;
  };
  const registered = async (...args: Parameters<typeof phone>): Promise<Softphone> => {
    const made = await phone(...args);
    assert.equal((await made.register()).status, 200);
    return made;
  };
  const dialogOf = (result: Dialog | SipResponse): Dialog => {
    assert.ok('callId' in result, `refused: ${'status' in result ? result.status : ''}`);
    return result;
  };
  const statusOf = (result: Dialog | SipResponse): number => ('status' in result ? result.status : 200);
  /** The authority of the servers' certificates, for routes between them. */
  const roots = (): X509Certificate[] => [new X509Certificate(root)];
  return { start, phone, registered, dialogOf, statusOf, roots };
}
