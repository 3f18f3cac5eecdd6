// The least that a registrar does, as a floor: it reads a REGISTER, checks its digest, keeps the contact and answers; UDP and TLS.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

export interface RegistrarFloorSetup {
  cert: string;
  key: string;
  domain: string;
}

export interface RegistrarFloorReady {
  udp: number;
  tls: number;
}

interface Kept {
  contact: string;
  expires: number;
}

const kept = new Map<string, Kept>();
const nonce = randomBytes(16).toString('hex');
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const field = (text: string, name: string): string => new RegExp(`\\b${name}="?([^",\r\n]*)`).exec(text)?.[1] ?? '';
const header = (message: string, name: string): string =>
  new RegExp(`^${name}:[ \t]*(.*)$`, 'im').exec(message)?.[1] ?? '';

function answer(message: string, domain: string): string {
  const number = /^To:.*?<sip:([^@]+)@/im.exec(message)?.[1] ?? '';
  const proof = header(message, 'Authorization');
  const rest = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(name => `${name}: ${header(message, name)}\r\n`).join('');
  const uri = field(proof, 'uri');
  const middle = `${field(proof, 'nonce')}:${field(proof, 'nc')}:${field(proof, 'cnonce')}:auth`;
  const wanted = md5(`${md5(`${number}:${domain}:${number}`)}:${middle}:${md5(`REGISTER:${uri}`)}`);
  if (field(proof, 'response') !== wanted)
    return `SIP/2.0 401 Unauthorized\r\n${rest}WWW-Authenticate: Digest realm="${domain}", nonce="${nonce}", qop="auth"\r\nContent-Length: 0\r\n\r\n`;
  const contact = /<([^>]*)>/.exec(header(message, 'Contact'))?.[1] ?? '';
  const expires = Number(header(message, 'Expires'));
  kept.set(number, { contact, expires: Date.now() + expires * 1000 });
  return `SIP/2.0 200 OK\r\n${rest}Contact: <${contact}>;expires=${expires}\r\nDate: ${new Date().toUTCString()}\r\nContent-Length: 0\r\n\r\n`;
}

async function start({ cert, key, domain }: RegistrarFloorSetup): Promise<RegistrarFloorReady> {
  const udp = createSocket('udp4');
  udp.on('message', (bytes, { address, port }) => udp.send(answer(bytes.toString('latin1'), domain), port, address));
  await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve));
  const tls = createServer({ cert, key }, socket => {
    let held = '';
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const parts = (held + text).split('\r\n\r\n');
      held = parts.pop() ?? '';
      for (const part of parts) socket.write(answer(`${part}\r\n`, domain), 'latin1');
    });
  });
  await new Promise<void>(resolve => tls.listen(0, '127.0.0.1', resolve));
  return { udp: udp.address().port, tls: (tls.address() as AddressInfo).port };
}

process.on('message', (message: RegistrarFloorSetup | 'kept') => {
  if (message === 'kept') process.send?.({ kept: kept.size });
  else
    start(message).then(
      ready => process.send?.(ready),
      (error: unknown) => {
        throw error;
      },
    );
});
