/* SPDX-License-Identifier: MIT
 * What the services say that give OAuth2 tokens: Microsoft by numbers (AADSTS...), Google and all
 * others by the error codes of RFC 6749 section 5.2. */
#include "base/diagnoses_private.h"

const struct diagnosis diagnoses_tokens[] = {
    {
        .id = "aadsts-secret",
        .commands = LOGIN,
        .codes = "AADSTS7000215 AADSTS7000222",
        .patterns = "*AADSTS7000215|*AADSTS7000222",
        .title = "The app's secret is wrong or has expired",
        .explanation = "Microsoft's sign-in service does not take the client secret (7000215: it "
                       "is wrong, often the secret's id instead of its value; 7000222: it has "
                       "expired).",
        .steps = "Make a new secret (Entra admin center, App registrations, Certificates & "
                 "secrets) and use its value\n"
                 "Or use a certificate: it can be renewed before it expires",
    },
    {
        .id = "aadsts-certificate",
        .commands = LOGIN,
        .codes = "AADSTS700027 AADSTS700024 AADSTS50012",
        .patterns = "*AADSTS700027|*AADSTS700024|*AADSTS50012",
        .title = "The app's certificate is not taken",
        .explanation = "Microsoft does not know the certificate that signed (700027), or this "
                       "machine's clock is wrong (700024).",
        .steps = "Upload the certificate (Entra admin center, App registrations, Certificates & "
                 "secrets); its thumbprint must be that of the file in the profile\n"
                 "Set the clock of this machine",
    },
    {
        .id = "aadsts-consent",
        .commands = LOGIN,
        .codes = "AADSTS65001 AADSTS500011 AADSTS700016 AADSTS90002 AADSTS70011",
        .patterns = "*AADSTS65001|*AADSTS500011|*AADSTS700016|*AADSTS90002|*AADSTS70011",
        .title = "The app is not known or not allowed in this tenant",
        .explanation = "65001: nobody consented; 700016: the app is not in this tenant; 90002: "
                       "there is no such tenant; 500011 and 70011: the scope names a resource that "
                       "is not there.",
        .steps = "Check tenant and application id, grant admin consent for IMAP.AccessAsApp, and "
                 "ask for the scope https://outlook.office365.com/.default",
    },
    {
        .id = "aadsts-policy",
        .commands = LOGIN,
        .codes = "AADSTS50076 AADSTS50079 AADSTS53003 AADSTS50158 AADSTS7000218",
        .patterns = "*AADSTS50076|*AADSTS50079|*AADSTS53003|*AADSTS50158|*AADSTS7000218",
        .title = "A rule of the tenant stops the sign-in",
        .explanation = "50076, 50079 and 50158: a second factor is wanted; 53003: Conditional "
                       "Access blocks it; 7000218: the app is not allowed to be a public client.",
        .steps = "Use app-only sign-in (client credentials) for bulk moves: it needs no second "
                 "factor\n"
                 "Else let the user sign in once more, or exempt the account in Conditional "
                 "Access\n"
                 "7000218: App registrations, Authentication, Allow public client flows",
    },
    {
        .id = "refresh-token",
        .commands = LOGIN,
        .codes = "AADSTS700082 AADSTS70008 AADSTS50173 AADSTS9002313 invalid_grant",
        .patterns = "*AADSTS700082|*AADSTS70008|*AADSTS50173|*Token has been expired or "
                    "revoked|invalid_grant",
        .title = "The consent has run out",
        .explanation = "The refresh token is too old, was revoked (a new password does that), or "
                       "belongs to another app. Google ends those of apps in testing after a week, "
                       "Microsoft those that were not used for 90 days.",
        .steps = "Sign in once more: mailconvoy auth login PROFILE --device (or --browser)\n"
                 "Google: publish the app, so that its consents last\n"
                 "Service account: check its address, and that the mailbox exists",
    },
    {
        .id = "google-delegation",
        .commands = LOGIN,
        .codes = "unauthorized_client",
        .patterns = "*unauthorized to retrieve access tokens|unauthorized_client",
        .title = "The service account may not act for the domain's users",
        .explanation = "Google gives a service account tokens for users only where domain-wide "
                       "delegation lists its client id with exactly the scopes that are asked for.",
        .steps =
            "Admin console, Security, API controls, Domain-wide delegation: add the service "
            "account's client id with https://www.googleapis.com/auth/gmail.imap_admin (or what "
            "the profile's scope says)\n"
            "It may take some minutes, seldom a day",
    },
    {
        .id = "invalid-client",
        .commands = LOGIN,
        .codes = "invalid_client",
        .patterns = "invalid_client|*The OAuth client was not found",
        .title = "The sign-in service does not know the app",
        .explanation = "Its id or its secret is not one that the service knows.",
        .steps = "Check client_id and client_secret of the profile against the service's console",
    },
};

const size_t diagnoses_tokens_count = sizeof(diagnoses_tokens) / sizeof(diagnoses_tokens[0]);
