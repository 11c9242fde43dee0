/* SPDX-License-Identifier: MIT */
#include "sync/auth/clouds.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

#define ENTRA(host, path) "https://" host "/{tenant}/oauth2/v2.0/" path
#define MICROSOFT(name_, login, imap, resource)                                                 \
    .name = name_, .is_microsoft = true, .imap_host = imap, .token_url = ENTRA(login, "token"), \
    .authorize_url = ENTRA(login, "authorize"), .device_url = ENTRA(login, "devicecode"),       \
    .delegated_scope = "https://" resource "/IMAP.AccessAsUser.All offline_access",             \
    .app_scope = "https://" imap "/.default"

/* The scopes' "offline_access" is what makes a refresh token come along. */
static const struct cloud clouds[] = {
    {MICROSOFT("microsoft", "login.microsoftonline.com", "outlook.office365.com",
               "outlook.office.com"),
     .audiences = "https://outlook.office365.com https://outlook.office.com https://ps.outlook.com "
                  "00000002-0000-0ff1-ce00-000000000000"},
    {MICROSOFT("gcchigh", "login.microsoftonline.us", "outlook.office365.us",
               "outlook.office365.us"),
     .audiences = "https://outlook.office365.us 00000002-0000-0ff1-ce00-000000000000"},
    {MICROSOFT("dod", "login.microsoftonline.us", "outlook-dod.office365.us",
               "outlook.office365.us"),
     .audiences = "https://outlook-dod.office365.us https://outlook.office365.us "
                  "00000002-0000-0ff1-ce00-000000000000"},
    {MICROSOFT("china", "login.partner.microsoftonline.cn", "partner.outlook.cn",
               "partner.outlook.cn"),
     .audiences = "https://partner.outlook.cn 00000002-0000-0ff1-ce00-000000000000"},
    {.name = "google",
     .imap_host = "imap.gmail.com",
     .token_url = "https://oauth2.googleapis.com/token",
     .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
     .device_url = "https://oauth2.googleapis.com/device/code",
     .delegated_scope = "https://mail.google.com/",
     /* Shows all labels and messages, whatever the user hid from IMAP. */
     .app_scope = "https://www.googleapis.com/auth/gmail.imap_admin",
     .audiences = ""},
};

const char cloud_names[] = "microsoft, gcchigh, dod, china, google";

const struct cloud *cloud_find(const char *name)
{
    for (size_t i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
        if (str_iequals(name, clouds[i].name))
            return &clouds[i];
    }
    return NULL;
}

bool cloud_is_audience(const char *audience)
{
    size_t size = strlen(audience);
    for (size_t i = 0; size > 0 && i < sizeof(clouds) / sizeof(clouds[0]); i++) {
        for (const char *at = clouds[i].audiences; *at != '\0';) {
            size_t next = strcspn(at, " ");
            if (next == size && str_iequals_n(at, next, audience))
                return true;
            at += next;
            at += strspn(at, " ");
        }
    }
    return false;
}

/* The name itself, or one below it. */
static bool is_in_domain(const char *host, const char *domain)
{
    size_t size = strlen(host);
    size_t domain_size = strlen(domain);
    return size >= domain_size && str_iequals(host + size - domain_size, domain) &&
           (size == domain_size || host[size - domain_size - 1] == '.');
}

bool cloud_host_takes_no_passwords(const char *host)
{
    static const char *const domains[] = {
        "outlook.office365.com",    "outlook.office.com", "outlook.office365.us",
        "outlook-dod.office365.us", "partner.outlook.cn", "outlook.com",
        "imap.hotmail.com",         "imap.live.com",
    };
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        if (is_in_domain(host, domains[i]))
            return true;
    }
    return false;
}
