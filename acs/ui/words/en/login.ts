// English texts of the sign-in.

export const login = {
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  submit: 'Sign in',
  otherWay: 'Sign in at the identity provider',
  ended: 'The session has ended. Changes that are not sent yet are kept.',
  about: 'This server',
  aboutText: 'Tandem manages gateways by TR-069. More is told after the sign-in.',
  forgotten: 'A forgotten password: an administrator sets a new one.',
  welcome: 'Welcome',
  first: {
    title: 'The first user',
    text: 'This server has no users yet. The first one is an administrator, and makes the others.',
    passwordHelp: '12 characters or more',
    submit: 'Create',
  },
};
