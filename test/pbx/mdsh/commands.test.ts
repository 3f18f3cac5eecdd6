// Commands of the shell: what each checks, changes and prints.
import assert from 'node:assert/strict';
import type { ShellContext } from '../../../pbx/mdsh/command.ts';
import { type TestShell, terminal, terminalSource, testShell } from '../../support/pbx/mdsh.ts';

/** Words of a line by column. */
const words = (line = ''): string[] => line.split(/\s+/);

async function refused(shell: TestShell, line: string, ...reasons: string[]): Promise<void> {
  const before = shell.exchange.snapshot();
  const { exit, lines } = await shell.run(line);
  assert.deepEqual([exit, ...lines], [1, 'NOT EXECUTED', ...reasons], line);
  assert.deepEqual(shell.exchange.snapshot(), before);
}

describe('extension', () => {
  it('makes numbers with the defaults of the vendor', async () => {
    const { run, exchange } = testShell();
    assert.deepEqual(await run('extension -i -d 4525,4530..4531 -l 3 --csp 7'), { exit: 0, lines: ['EXECUTED'] });
    const common = { lim: 3, csp: 7, customer: 0, securityException: true, thirdPartyClient: false, maxTerminals: 1 };
    assert.deepEqual(
      exchange.all('extensions'),
      ['4525', '4530', '4531'].map(dir => ({ dir, ...common })),
    );
  });

  it('takes the options of scripts, and keeps those without effect', async () => {
    const { run, exchange } = testShell();
    const line =
      'extension -i --dir 4525 --csp 10 --edn no --lim 1 --customer 0 --language-code en --secretary 0 --free-on-second-line 0 --security-exception no --video yes --third-party-client 1 --max-terminals 2';
    assert.equal((await run(line)).exit, 0);
    assert.deepEqual(exchange.get('extensions', '4525'), {
      dir: '4525',
      lim: 1,
      csp: 10,
      customer: 0,
      securityException: false,
      thirdPartyClient: true,
      maxTerminals: 2,
      features: { edn: 'no', 'language-code': 'en', secretary: 'no', 'free-on-second-line': '0', video: 'yes' },
    });
  });

  it('carries a range out whole or not at all', async () => {
    const shell = testShell();
    await shell.all('extension -i -d 4102 -l 1 --csp 1');
    await refused(shell, 'extension -i -d 4100..4103 -l 1 --csp 1', 'DIRECTORY NUMBER 4102 IS ALREADY INITIATED');
    await refused(shell, 'extension -c -d 4102,4103 --csp 2', 'DIRECTORY NUMBER 4103 IS NOT INITIATED');
    await refused(shell, 'extension -e -d 4101..4102', 'DIRECTORY NUMBER 4101 IS NOT INITIATED');
  });

  it('changes what is given alone, and raises the number of terminals only', async () => {
    const shell = testShell();
    await shell.all(
      'extension -i -d 4100 -l 2 --csp 1 --video yes --max-terminals 2',
      'extension -c -d 4100 --csp 142 --security-exception no --language-code it',
    );
    const { csp, lim, securityException, features } = shell.exchange.get('extensions', '4100') ?? {};
    assert.deepEqual([csp, lim, securityException, features], [142, 2, false, { video: 'yes', 'language-code': 'it' }]);
    await refused(shell, 'extension -c -d 4100 --max-terminals 2', 'MAX TERMINALS OF 4100 IS 2 AND CAN ONLY BE RAISED');
    await shell.all('extension -c -d 4100 --max-terminals 3');
  });

  it('erases the terminal type and the code with the number', async () => {
    const shell = testShell();
    await shell.all(
      'extension -i -d 4100 -l 1 --csp 1',
      'ip_extension -i -d 4100',
      'auth_code -i -d 4100 --auth-code 4711',
      'extension -e -d 4100',
    );
    for (const table of ['extensions', 'ipExtensions', 'authorizationCodes'] as const)
      assert.equal(shell.exchange.size(table), 0);
  });

  it('prints the number first and CSP in column 4', async () => {
    const shell = testShell();
    await shell.all('extension -i -d 4100..4101 -l 1 --csp 5 --customer 13', 'ip_extension -i -d 4101 --protocol sip');
    const { lines } = await shell.run('extension -p');
    assert.deepEqual(words(lines[1]).slice(0, 4), ['4100', '13', '1', '5']);
    assert.deepEqual((await shell.run('extension -p -d 4101 --format s')).lines, [
      'Dir   Customer  Lim  CSP  Security-Exception  Third-Party-Client  Max-Terminals  Type',
      '4101  13        1    5    yes                 no                  1              sip',
    ]);
    const types = async (type: string): Promise<string[]> =>
      (await shell.run(`extension -p --type ${type}`)).lines.slice(1).map(line => words(line)[0] ?? '');
    assert.deepEqual(
      [await types('sip'), await types('undefined'), await types('all')],
      [['4101'], ['4100'], ['4100', '4101']],
    );
    assert.deepEqual((await shell.run('extension -p -d 4199')).lines, ['NO DATA']);
    assert.deepEqual(words((await shell.run('extension -p --summary')).lines.at(-1)), ['all', '2', '1', '0', '1']);
  });

  it('sorts up and down by any column', async () => {
    const shell = testShell();
    await shell.all(
      'extension -i -d 4100 -l 1 --csp 20 --video yes',
      'extension -i -d 4101 -l 1 --csp 3 --video no',
      'extension -i -d 4102 -l 1 --csp 100',
    );
    const order = async (sort: string): Promise<string> =>
      (await shell.run(`extension -p ${sort}`)).lines
        .slice(1)
        .map(line => line[3])
        .join('');
    assert.deepEqual(
      [await order('-s csp'), await order('+s CSP'), await order('+s'), await order('-s VIDEO')],
      ['102', '201', '210', '210'],
    );
  });

  it('leaves the event loop to others while it works on 10,000 numbers', async () => {
    const shell = testShell();
    let turns = 0;
    let next: NodeJS.Immediate;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    next = setImmediate(count);
    await shell.all('extension -i -d 40000..49999 -l 1 --csp 1');
    const ofMaking = turns;
    const { lines } = await shell.run('extension -p');
    clearImmediate(next);
    assert.equal(lines.length, 10_001);
    assert.ok(ofMaking >= 40, `${ofMaking} turns`);
    assert.ok(turns - ofMaking >= 60, `${turns - ofMaking} turns`);
  });
});

describe('ip_extension', () => {
  const at = (context: Partial<ShellContext> = {}): TestShell => testShell(context);

  it('gives an extension its terminal type', async () => {
    const shell = at();
    await refused(shell, 'ip_extension -i -d 4100', 'DIRECTORY NUMBER 4100 IS NOT INITIATED');
    await shell.all(
      'extension -i -d 4100..4101 -l 1 --csp 1 --max-terminals 3',
      'ip_extension -i -d 4100',
      'ip_extension -i -d 4101 --protocol sip --max-terminals 2',
    );
    assert.deepEqual(shell.exchange.all('ipExtensions'), [
      { dir: '4100', protocol: 'IP' },
      { dir: '4101', protocol: 'SIP', maxTerminals: 2 },
    ]);
    await refused(shell, 'ip_extension -i -d 4100', 'IP EXTENSION 4100 IS ALREADY INITIATED');
    await refused(shell, 'ip_extension -c -d 4101 --max-terminals 4', 'MAX TERMINALS OF EXTENSION 4101 IS 3');
    await shell.all('ip_extension -c -d 4101 --max-terminals 3', 'ip_extension -e -d 4100..4101');
    await refused(shell, 'ip_extension -e -d 4100', 'IP EXTENSION 4100 IS NOT INITIATED');
  });

  it('prints the port that each terminal is registered at', async () => {
    const terminals = [
      terminal('4100'),
      terminal('4100', { protocol: 'udp', port: 5060, row: 'Table 1 row 5' }),
      terminal('4101', { kind: 'H.323', port: 3727 }),
      terminal('4102', { kind: 'H.323', protocol: 'udp', port: 1719 }),
    ];
    const shell = at({ sources: () => [terminalSource(terminals.slice(0, 2)), terminalSource(terminals.slice(2))] });
    await shell.all('extension -i -d 4100..4103 -l 1 --csp 1', 'ip_extension -i -d 4100..4103');
    assert.deepEqual((await shell.run('ip_extension -p -d 4100..4103')).lines, [
      'Dir   Protocol  Terminal  Transport  Port  IP-Address   Signaling      Row',
      '4100  IP        SIP       tls        5061  10.1.93.142  encrypted      Table_1_row_2',
      '4100  IP        SIP       udp        5060  10.1.93.142  not-encrypted  Table_1_row_5',
      '4101  IP        H.323     tls        3727  10.1.93.142  encrypted      Table_1_row_2',
      '4102  IP        H.323     udp        1719  10.1.93.142  not-encrypted  Table_1_row_2',
      '4103  IP        -         -          -     -            -              -',
    ]);
  });
});

describe('extension_info and ip_extension_info', () => {
  const sources = (): ReturnType<typeof terminalSource>[] => [
    terminalSource([
      terminal('1204', { instance: 'urn:uuid:0001' }),
      terminal('1218', { product: 'Mitel SIP-DECT', remote: { host: '::1', port: 1 } }),
    ]),
  ];

  it('prints terminals in the columns of the vendor', async () => {
    const shell = testShell({ sources });
    assert.deepEqual((await shell.run('extension_info -d 1200..1222 -p --terminal-info')).lines, [
      'Extension Info',
      'Dir        Terminal Revision           Vendor                              Terminal',
      '           Type                        Info                                Identity',
      '1204       SIP      5.0.0.2036         Mitel 6865i                         sip:1204@10.1.93.142;instance=urn:uuid:0001',
      '1218       SIP      -                  Mitel SIP-DECT                      sip:1218@[::1]',
    ]);
  });

  it('prints the address in column 3', async () => {
    const shell = testShell({ sources });
    const { lines } = await shell.run('ip_extension_info -d 1204 -f reg');
    assert.deepEqual(words(lines.find(line => line.startsWith('1204'))).slice(0, 3), ['1204', 'SIP', '10.1.93.142']);
    assert.equal((await shell.run('ip_extension_info -p')).lines.length, 3);
    assert.deepEqual((await shell.run('ip_extension_info -d 1300')).lines, ['NO DATA']);
  });

  it('reads maker and revision of products with comments', async () => {
    const printed = async (product: string): Promise<string | undefined> => {
      const shell = testShell({ sources: () => [terminalSource([terminal('1204', { product })])] });
      return (await shell.run('extension_info -p')).lines[3]?.replace(/ +/g, ' ');
    };
    assert.match(
      (await printed('baresip v1.0.0 (x86_64/linux)')) ?? '',
      / SIP - baresip v1\.0\.0 \(x86_64\/linux\) sip:/,
    );
    assert.match((await printed('Acme 7/2.1 (a/b)')) ?? '', / SIP 2\.1 Acme 7 sip:/);
  });

  it('prints nothing of a terminal that would steer an operator console', async () => {
    const product = '\u001b[2J\nEXECUTED/\u0007';
    const shell = testShell({ sources: () => [terminalSource([terminal('1204', { product })])] });
    const { lines } = await shell.run('extension_info -p');
    assert.equal(lines.length, 4);
    for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('extension_unregistration', () => {
  it('ends the registrations of numbers, or all', async () => {
    const source = terminalSource([terminal('4100'), terminal('4101'), terminal('4102')]);
    const shell = testShell({ sources: () => [source] });
    await shell.all('extension -i -d 4100..4109 -l 1 --csp 1', 'extension_unregistration -d 4100..4101');
    assert.deepEqual(source.ended, ['4100', '4101']);
    await shell.all('extension_unregistration');
    assert.deepEqual(source.ended, ['4100', '4101', '4100', '4101', '4102']);
    await refused(shell, 'extension_unregistration -d 4200', 'DIRECTORY NUMBER 4200 IS NOT INITIATED');
    await refused(testShell(), 'extension_unregistration', 'NOTHING REGISTERS AT THIS EXCHANGE');
  });

  it('tells many terminals at a time, so that silent ones do not hold it up', async () => {
    const numbers = Array.from({ length: 2000 }, (_, at) => String(10_000 + at));
    const source = terminalSource(numbers.map(dir => terminal(dir)));
    let [open, most] = [0, 0];
    source.unregister = async dir => {
      most = Math.max(most, ++open);
      source.ended.push(dir);
      await new Promise(resolve => setImmediate(resolve));
      open--;
      return 1;
    };
    await testShell({ sources: () => [source] }).all('extension_unregistration');
    assert.deepEqual(source.ended.toSorted(), numbers);
    assert.ok(most > 1 && most <= 500, `${most} at a time`);
  });

  it('ends the registration of an account, which is no extension', async () => {
    const source = terminalSource([terminal('100')]);
    await testShell({ sources: () => [source] }).all('extension_unregistration -d 100');
    assert.deepEqual(source.ended, ['100']);
  });
});

describe('auth_code', () => {
  it('prints the code in column 3, and stars for one that is hashed', async () => {
    const shell = testShell();
    await shell.all(
      'auth_code -i -d 1204 --auth-code 4711 --csp 1 --cil 1204 --restricted',
      'auth_code -i -d 1205 --csp 0 --cil 1205 --customer 0 --hash-type md5a1 --auth-code renGk7aqkjvSWZ',
      'auth_code -i --customer 0 --auth-code 1234 -cil 11600 --csp 50',
    );
    const { lines } = await shell.run('auth_code -p');
    assert.deepEqual(
      lines.slice(1).map(line => words(line).slice(0, 3)),
      [
        ['0', '1204', '4711'],
        ['0', '1205', '********'],
        ['0', '-', '1234'],
      ],
    );
    assert.match((await shell.run('auth_code -p -d 1204')).lines[1] ?? '', / 1204 /);
  });

  it('is replaced by -i, and erased by -e', async () => {
    const shell = testShell();
    await shell.all('auth_code -i -d 1204 --auth-code 4711', 'auth_code -i -d 1204 --auth-code 4712');
    assert.equal(shell.exchange.get('authorizationCodes', 'dir:1204')?.code, '4712');
    await shell.all('auth_code -e -d 1204');
    await refused(shell, 'auth_code -e -d 1204', 'THE AUTHORIZATION CODE OF 1204 IS NOT INITIATED');
    await shell.all('auth_code -i --auth-code 1234');
    await refused(shell, 'auth_code -i --auth-code 1234', 'THE AUTHORIZATION CODE IS ALREADY INITIATED');
  });
});

describe('sec_policy and media_encryption', () => {
  it('sets, prints and removes the policy', async () => {
    const shell = testShell();
    for (const [line, print] of [
      ['sec_policy -set 1', 'SECURITY POLICY 1: ALL_SECURE'],
      ['sec_policy -set 2', 'SECURITY POLICY 2: ALL_SECURE + EXC_EXT'],
      ['sec_policy -set 3', 'SECURITY POLICY 3: ALL_SECURE + EXC_TYPE'],
      ['sec_policy -remove', 'SECURITY POLICY 0: NO SECURITY'],
    ] as const) {
      await shell.all(line);
      assert.deepEqual((await shell.run('sec_policy -print')).lines, [print]);
    }
  });

  it('refuses policy 1 while exceptions exist, in the words of the vendor', async () => {
    const shell = testShell();
    await shell.all('extension -i -d 12345 --csp 1 --lim 1 --security-exception yes');
    await refused(shell, 'sec_policy -set 1', 'DIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST');
  });

  it('switches encryption for each kind alone', async () => {
    const shell = testShell();
    await shell.all('media_encryption_enable -type extension', 'media_encryption_enable -type intermgw');
    assert.deepEqual((await shell.run('media_encryption_print')).lines, [
      'Type       Media-Encryption',
      'extension  enabled',
      'route      disabled',
      'intermgw   enabled',
    ]);
    await shell.all('media_encryption_disable -type intermgw', 'sec_policy -set 2');
    await refused(shell, 'media_encryption_disable -type extension', 'A SECURITY POLICY IS SET');
    await shell.all('sec_policy -remove', 'media_encryption_disable -type extension');
    assert.deepEqual((await shell.run('media_encryption_print -type extension')).lines[1], 'extension  disabled');
  });

  it('needs the licence', async () => {
    const shell = testShell();
    await shell.exchange.commit([{ table: 'licenses', key: 'VOIP-SECURITY' }]);
    await refused(shell, 'sec_policy -set 2', 'LICENSE VOIP-SECURITY IS MISSING');
    await refused(shell, 'media_encryption_enable -type route', 'LICENSE VOIP-SECURITY IS MISSING');
    assert.deepEqual((await shell.run('license_status')).lines, ['NO DATA']);
  });

  it('prints the licences, the tag first', async () => {
    assert.deepEqual((await testShell().run('license_print')).lines[1], 'VOIP-SECURITY  SYSTEM  unlimited');
  });
});

describe('routes', () => {
  it('sip_route makes, changes, prints and removes a route', async () => {
    const shell = testShell();
    await refused(shell, "sip_route -set -route 12 -uristring0 'sip:?@other.example'", 'A PREFIX IS NEEDED');
    await refused(shell, 'sip_route -set -route 12 -prefix 7', 'URISTRING0, PROXYIP OR REGISTEREDAS IS NEEDED');
    await shell.all(
      "sip_route -set -route 12 -prefix 7 -protocol tls -uristring0 'sip:?@other.example;tgrp=a'",
      'sip_route -set -route 12 -authname us -password pw -remoteport 15061',
    );
    assert.deepEqual(shell.exchange.get('sipRoutes', '12'), {
      route: 12,
      prefix: '7',
      host: 'other.example',
      port: 15_061,
      protocol: 'tls',
      uri: 'sip:?@other.example;tgrp=a',
      isGateway: false,
      user: 'us',
      password: 'pw',
      registers: false,
    });
    const { lines } = await shell.run('sip_route -print');
    assert.doesNotMatch(lines.join(), /pw/);
    assert.deepEqual(words((await shell.run('sip_route -print -route 12 -short')).lines[1]), [
      '12',
      '7',
      'tls',
      'other.example',
      '15061',
    ]);
    await shell.all('sip_route -remove -route 12');
    await refused(shell, 'sip_route -remove -route 12', 'SIP ROUTE 12 IS NOT INITIATED');
  });

  it('RIANI, RIANC, RIANP and RIANE keep H.323 routes', async () => {
    const shell = testShell();
    await shell.all('RIANI:ROU=14,HOST=10.1.2.3,PREFIX=8,TLS=YES;');
    assert.deepEqual((await shell.run('rianp;')).lines, [
      'ROU  PREFIX  HOST      PORT  TLS',
      '14   8       10.1.2.3  3727  YES',
    ]);
    await refused(shell, 'riani rou=14,host=10.1.2.4,prefix=8;', 'ROUTE 14 IS ALREADY INITIATED');
    await shell.all('RIANC:ROU=14,TLS=NO;');
    assert.deepEqual(shell.exchange.get('h323Routes', '14'), {
      route: 14,
      prefix: '8',
      host: '10.1.2.3',
      port: 1720,
      tls: false,
    });
    await shell.all('RIANE:ROU=14;');
    await refused(shell, 'RIANC:ROU=14,TLS=NO;', 'ROUTE 14 IS NOT INITIATED');
  });
});
