// A certified OpenID provider on loopback, with three clients; prints its port. Arguments: its folder, the redirect URI,
// and how clients may show their secret.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [folder, redirect, methods] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));

const key = (kind, options, about) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), ...about });
const people = {
  ada: { name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true, roles: ['ml-operators'] },
  bob: { name: 'Bob', email: 'ada@example.org', email_verified: false, roles: [] },
};
const client = (client_id, id_token_signed_response_alg, token_endpoint_auth_method) => ({
  client_id,
  id_token_signed_response_alg,
  token_endpoint_auth_method,
  redirect_uris: [redirect],
  ...(token_endpoint_auth_method === 'none' ? {} : { client_secret: 'a secret: with + and % in it' }),
});

const server = createServer().listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const confidential = methods.split(',')[0];
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [client('rs', 'RS256', confidential), client('ps', 'PS256', confidential), client('es', 'ES256', 'none')],
    clientAuthMethods: methods.split(','),
    jwks: {
      keys: [
        key('rsa', { modulusLength: 2048 }, { kid: 'rsa', use: 'sig' }),
        key('ec', { namedCurve: 'P-256' }, { kid: 'ec', use: 'sig' }),
      ],
    },
    cookies: { keys: ['only a test'] },
    pkce: { required: () => true, methods: ['S256'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'roles'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    features: { devInteractions: { enabled: true } },
  });
  server.on('request', provider.callback());
  console.log(port);
});
process.stdin.on('end', () => process.exit(0)).resume();
