import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import Provider, { type Context } from 'oidc-provider'

/**
 * An OpenID provider as a process of its own, which believes every name:
 * `node identity-provider.ts PORT BASE_URL` signs people in for the Carrel at BASE_URL.
 * It prints its port when it listens.
 */
const [port, baseUrl] = process.argv.slice(2) as [string, string]
const issuer = `http://127.0.0.1:${port}`

const page = (form: string) =>
  `<!doctype html><title>Single sign-on</title><h1>Single sign-on</h1>${form}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'carrel',
      client_secret: 'secret-of-the-client',
      redirect_uris: [`${baseUrl}/sso`],
      post_logout_redirect_uris: [`${baseUrl}/`],
    },
  ],
  cookies: { keys: ['a key that nobody needs to guess'] },
  claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
  findAccount: (_: unknown, name: string) => ({
    accountId: name,
    claims: () => ({
      sub: `number-of-${name}`,
      preferred_username: name,
      email: `${name}@x.example`,
    }),
  }),
  // People are not asked what Carrel may know of them.
  async loadExistingGrant({ oidc }: Context) {
    const of = { clientId: oidc.client.clientId, accountId: oidc.session.accountId }
    const grant = new provider.Grant(of)
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `/sign-in/${uid}` },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource(c: Context, form: string) {
        c.body = page(
          `${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
        )
      },
    },
  },
})
const protocol = provider.callback()

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!request.url?.startsWith('/sign-in/')) return protocol(request, response)
  if (request.method === 'POST') {
    const accountId = new URLSearchParams(await text(request)).get('name') ?? ''
    return await provider.interactionFinished(request, response, { login: { accountId } })
  }
  const form =
    '<form method="post"><label>Name <input name="name"></label><button>Sign in</button></form>'
  response.setHeader('content-type', 'text/html').end(page(form))
}

createServer((request, response) => void answer(request, response)).listen(
  Number(port),
  '127.0.0.1',
  () => console.log(port),
)
