// The one door to the certificate builder: its polyfill must run first, so nothing else imports that library.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
