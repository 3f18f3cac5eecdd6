// The algorithms of the console by Cli.SshSecurityLevel. The vendor's lists are not public: these are ours.
import type { Algorithms } from 'ssh2';
import type { Unit } from '../services/service.ts';

const strong = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  cipher: ['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com'],
  hmac: ['hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com'],
} as const satisfies Algorithms;

const standard = {
  kex: [...strong.kex, 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'diffie-hellman-group16-sha512'],
  cipher: [...strong.cipher, 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes128-ctr'],
  hmac: [...strong.hmac, 'hmac-sha2-256', 'hmac-sha2-512'],
} as const satisfies Algorithms;

const permissive = {
  kex: [...standard.kex, 'diffie-hellman-group14-sha256', 'diffie-hellman-group14-sha1'],
  cipher: [...standard.cipher, 'aes256-cbc', 'aes128-cbc'],
  hmac: [...standard.hmac, 'hmac-sha1'],
} as const satisfies Algorithms;

export function algorithmsOf({ config }: Unit): Algorithms {
  const level = config.variable('Cli.SshSecurityLevel');
  const { kex, cipher, hmac } = level === 'MostSecure' ? strong : level === 'Permissive' ? permissive : standard;
  return { kex: [...kex], cipher: [...cipher], hmac: [...hmac] };
}
