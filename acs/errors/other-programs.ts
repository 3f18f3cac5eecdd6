// Errors of the gateway (tandem-cpe) and the PBX (tandem-pbx), which never reach a client of the API.
import type { ErrorEntries } from './entry.ts';

export const otherProgramErrors = {
  'no-acs': {
    status: 400,
    meaning: 'Neither an ACS nor a profile is given.',
    remedy: 'Use --acs or --profile.',
  },
  'no-token': {
    status: 400,
    meaning: 'The comparison with the ACS needs a token.',
    remedy: 'Use --token FILE.',
  },
  'no-compare': {
    status: 400,
    meaning: 'The API to compare with cannot be asked.',
    remedy: 'Check --compare and --token.',
  },
  'no-report': {
    status: 400,
    meaning: 'The report cannot be written.',
    remedy: 'Check --json.',
  },
  'no-image': {
    status: 400,
    meaning: 'A firmware image cannot be read or written.',
    remedy: 'Check the paths.',
  },
  'certificate-exists': {
    status: 409,
    meaning: 'The unit has a certificate of that file name.',
    remedy: 'Delete it first, or transfer the file under another name.',
  },
  'too-many-certificates': {
    status: 409,
    meaning: 'The table of certificates of the unit is full.',
    remedy: 'Delete one that is not needed.',
  },
  'no-certificate': {
    status: 404,
    meaning: 'The unit has no such certificate.',
    remedy: 'Look at Management/Certificates.',
  },
  'request-waits': {
    status: 409,
    meaning: 'The unit waits for the certificate of an earlier request.',
    remedy: 'Transfer that certificate, or drop the request.',
  },
  'no-rollback': {
    status: 409,
    meaning: 'The unit has no earlier firmware to go back to.',
    remedy: 'Install the firmware that is wanted.',
  },
  'no-url': {
    status: 400,
    meaning: 'A transfer of the unit has no server or no file.',
    remedy: 'Set host, location and file name of the transfer.',
  },
  'system-service': {
    status: 409,
    meaning: 'A system service of the unit cannot be stopped.',
    remedy: 'Restart it, or restart the unit.',
  },
  'no-calls': {
    status: 409,
    meaning: 'The unit or the endpoint takes no calls now.',
    remedy: 'Start Mipt and EpAdm, and unlock the endpoint.',
  },
  'no-page': {
    status: 404,
    meaning: 'The unit has no such page.',
    remedy: 'Follow its menu.',
  },
  'no-action': {
    status: 400,
    meaning: 'A form of the unit names no action of its page.',
    remedy: 'Load the page and press its button.',
  },
  'bad-address': {
    status: 400,
    meaning: 'The address of a request to the pages of the unit cannot be read.',
    remedy: 'Follow the menu.',
  },
  'foreign-host': {
    status: 421,
    meaning: 'The pages of the unit are asked for under a foreign name.',
    remedy: 'Use an address of the unit, its host name, or localhost.',
  },
  'no-method': {
    status: 405,
    meaning: 'The pages of the unit take GET, HEAD and POST.',
    remedy: 'Use one of them.',
  },
  'stale-form': {
    status: 403,
    meaning: 'A form of the unit was made for another session.',
    remedy: 'Load the page again and press its button.',
  },
  'wrong-form': {
    status: 415,
    meaning: 'A form of the unit has another type than its page sends.',
    remedy: 'Load the page and press its button.',
  },
  'too-long': {
    status: 413,
    meaning: 'A form or file is too long for the unit.',
    remedy: 'Send less; docs/gateway.md has the bounds.',
  },
  'broken-form': {
    status: 400,
    meaning: 'A form of the unit cannot be read.',
    remedy: 'Load the page and send it again.',
  },
  'no-console': {
    status: 400,
    meaning: 'The console of the unit cannot listen.',
    remedy: 'Check --cli.',
  },
  'no-snmp': {
    status: 400,
    meaning: 'The SNMP agent of the unit cannot listen.',
    remedy: 'Check --snmp.',
  },
  'no-web': {
    status: 400,
    meaning: 'The web interface cannot listen.',
    remedy: 'Check --web.',
  },
  'bad-mikey-key': {
    status: 400,
    meaning: 'The file with the pre-shared key of MIKEY has a wrong form.',
    remedy: 'Write 32 hexadecimal digits.',
  },
  'bad-license': {
    status: 400,
    meaning: 'A licence is not written as TAG or TAG=COUNT.',
    remedy: 'Write VOIP-SECURITY, or SIP-EXTENSION=250.',
  },
  'bad-login': {
    status: 400,
    meaning: 'The login file has a wrong form.',
    remedy: 'Write one line USERNAME:PASSWORD.',
  },
  'bad-products': {
    status: 400,
    meaning: 'The file of products has a wrong line.',
    remedy: 'Write `secure PATTERN`, `insecure PATTERN` or `third-party PATTERN` a line.',
  },
  'bad-profile': {
    status: 400,
    meaning: 'The customer profile is not valid.',
    remedy: 'The message names the place.',
  },
  'state-unusable': {
    status: 409,
    meaning: 'The state directory cannot be used.',
    remedy: 'The message holds the reason.',
  },
  'name-too-long': {
    status: 400,
    meaning: 'The name of a unit is too long for a file name.',
    remedy: 'Choose a shorter name.',
  },
  'too-many': {
    status: 400,
    meaning: 'RequestDownload has too many arguments.',
    remedy: 'Give at most 16.',
  },
  'no-service': {
    status: 404,
    meaning: 'The gateway has no service with this name.',
    remedy: 'Check the name.',
  },
  'no-variable': {
    status: 404,
    meaning: 'A script or command names a variable that does not exist.',
    remedy: 'Check the name.',
  },
  'too-many-values': {
    status: 413,
    meaning: 'The variables that were asked for have more than 1000 values.',
    remedy: 'Name fewer variables, or smaller tables.',
  },
  'no-table': {
    status: 404,
    meaning: 'A script names a table that does not exist.',
    remedy: 'Check the name.',
  },
  'no-command': {
    status: [400, 404],
    meaning: 'A script names a command that does not exist.',
    remedy: 'Check the name.',
  },
  'unknown-account': {
    status: 404,
    meaning: 'The gateway has no SIP account with this name.',
    remedy: 'Check the name.',
  },
  'not-registered': {
    status: 409,
    meaning: 'The SIP account is not registered.',
    remedy: 'Wait for the registration, or enable the account.',
  },
  'server-unreachable': {
    status: 503,
    meaning: 'The SIP server does not answer.',
    remedy: 'Check the address and the network.',
  },
  'fax-not-allowed': {
    status: 409,
    meaning: 'The call cannot change to fax: T.38 is not enabled, or not allowed beside SRTP, or a fax is under way.',
    remedy: 'Enable DefaultCodecT38DataEnable and, with SRTP, AllowUnsecureT38WithSrtp.',
  },
  'damaged-journal': {
    status: 500,
    meaning: 'The kept data of the PBX cannot be read.',
    remedy: 'Restore a backup of the data directory.',
  },
  'data-not-written': {
    status: 507,
    meaning: 'The data of the PBX cannot be written, so the command changed nothing.',
    remedy: 'Make room on the disk, or mend its rights, and give the command again.',
  },
  'fax-failed': {
    status: 409,
    meaning: 'The page of a fax did not arrive.',
    remedy: 'The message says at which step; see that the peer answers T.38.',
  },
  'no-codec': {
    status: 409,
    meaning: 'No codec is enabled for voice that the gateway has.',
    remedy: 'Enable G.711, G.722 or G.726 in Mipt.',
  },
  'invalid-digits': {
    status: 400,
    meaning: 'The text to send as DTMF holds other characters than digits.',
    remedy: 'Send 1 to 64 of 0-9 * # A-D.',
  },
  'mikey-not-available': {
    status: 501,
    meaning: 'MIKEY key management is not available: the clock of the gateway is not set.',
    remedy: 'Wait for the time server, or set the key management to Sdes.',
  },
  starting: {
    status: 503,
    meaning: 'The PBX has not started whole yet.',
    remedy: 'Ask again in a moment.',
  },
  'in-use': {
    status: 409,
    meaning: 'Another program uses the address, the control socket, or the state of the unit.',
    remedy: 'Stop it, or choose another address.',
  },
  'no-server': {
    status: 503,
    meaning: 'No PBX answers on the control socket.',
    remedy: 'Start it, or check the path.',
  },
  refused: {
    status: 400,
    meaning: 'The PBX refuses the command.',
    remedy: 'The message holds the reason.',
  },
  'not-json': {
    status: 400,
    meaning: 'A request on the control socket is not JSON.',
    remedy: 'Send one JSON object a line.',
  },
  request: {
    status: 400,
    meaning: 'A request on the control socket has a wrong form.',
    remedy: 'Send {"command": string, "args": string[]}.',
  },
  'unknown-command': {
    status: 404,
    meaning: 'The running PBX or unit has no such command.',
    remedy: 'Use one of the commands that the message lists.',
  },
  arguments: {
    status: 400,
    meaning: 'The command takes other arguments, or none.',
    remedy: 'The message shows the usage.',
  },
  'no-call': {
    status: 404,
    meaning: 'The unit has no call with this number.',
    remedy: 'List the calls with calls, or the messages with ladder.',
  },
  'no-endpoint': {
    status: 404,
    meaning: 'The unit has no such endpoint that can call.',
    remedy: 'The message names those there are; without --from the first one calls.',
  },
  unexpected: {
    status: 409,
    meaning: 'The call did not end as --expect has it.',
    remedy: 'Look at the report of the call, and at the ladder.',
  },
  'no-ladder': {
    status: 409,
    meaning: 'The unit keeps no SIP messages.',
    remedy: 'Start the unit with --ladder.',
  },
  'not-done': {
    status: 409,
    meaning: 'The unit could not carry out the command.',
    remedy: 'The message holds the reason.',
  },
  'path-too-long': {
    status: 400,
    meaning: 'The path of the control socket is longer than the system allows.',
    remedy: 'Choose a state directory with a shorter path.',
  },
} as const satisfies ErrorEntries;
