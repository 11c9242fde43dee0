/* SPDX-License-Identifier: MIT
 * What a manifest may look like, and every fault with its place. */
#include "batch/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/mem.h"
#include "batch/key_set.h"
#include "batch/words.h"

#define HEADER "host1,user1,password1,host2,user2,password2"
#define GOOD   "a,u,p,b,v,q\n"

static char folder[] = "/tmp/mailconvoy-manifest-XXXXXX";
static char *path;

/* One manifest, as read. */
struct sheet {
    struct settings defaults;
    struct manifest *manifest;
    struct buffer faults;
};

static void write_file(const char *name, const void *content, size_t size, mode_t mode)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(name, mode), 0);
}

static void sheet_read(struct sheet *sheet, const char *const defaults[][2], const void *content,
                       size_t size, mode_t mode)
{
    memset(sheet, 0, sizeof(*sheet));
    settings_init(&sheet->defaults);
    buffer_init(&sheet->faults, 1 << 20);
    for (size_t i = 0; defaults != NULL && defaults[i][0] != NULL; i++) {
        char option[64];
        char value[64];
        char *argv[] = {option, value};
        (void)snprintf(option, sizeof(option), "--%s", defaults[i][0]);
        (void)snprintf(value, sizeof(value), "%s", defaults[i][1]);
        assert_true(
            settings_parse_argv(&sheet->defaults, SETTINGS_BATCH, 2, argv, NULL, &sheet->faults));
    }
    write_file(path, content, size, mode);
    bool is_fine = manifest_read(path, &sheet->defaults, &sheet->manifest, &sheet->faults);
    assert_int_equal(is_fine, sheet->manifest != NULL);
    assert_int_equal(is_fine, sheet->faults.used == 0);
}

static void sheet_deinit(struct sheet *sheet)
{
    manifest_deinit(&sheet->manifest);
    assert_null(sheet->manifest);
    settings_deinit(&sheet->defaults);
    buffer_deinit(&sheet->faults);
}

/* The faults with "F" for the file's name. */
static void assert_faults(struct sheet *sheet, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    for (const char *p = buffer_str(&sheet->faults); *p != '\0';) {
        if (strncmp(p, path, strlen(path)) == 0) {
            buffer_append_byte(&text, 'F');
            p += strlen(path);
        } else {
            buffer_append_byte(&text, (unsigned char)*p++);
        }
    }
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

/* --- faults first --- */

static void test_faults(void **state)
{
    static const struct {
        const char *content;
        const char *faults;
    } rows[] = {
        {"", "F:1:1: the manifest has no rows\n"},
        {"\n# only\n\n", "F:1:1: the manifest has no rows\n"},
        {"#c\n" HEADER "\n\n", "F:2:1: the manifest has no rows\n"},
        {"a,b,secret\nc,d,e\n", "F:1:1: the first row is no header: most of it are no columns that "
                                "mailconvoy knows; write a header such as "
                                "host1,user1,password1,host2,user2,password2, or imapsync's list "
                                "host1;user1;password1;host2;user2;password2 without one\n"},
        {"host1,usr1,password1,host2,user2,password2\n" GOOD,
         "F:1:2: unknown column \"usr1\", did you mean \"user1\"?\n"},
        /* a column too many hides nothing in the rows, nor does one that is missing */
        {HEADER ",colour\na,u,,b,v,q,red\na,u,p,b,w,q,\na,u,p,b,w,q,\n",
         "F:1:7: unknown column \"colour\"\n"
         "F:2:3: password1 is missing (a passfile or a token serves as well)\n"
         "F:4:2: the same pair of mailboxes stands in line 3 (column \"user1\")\n"},
        {"host1,user1,password1,host2,user2\na,u,p,b,v\na,,p,b,w\na,u,p,b,v\n",
         "F:1:1: there is no column \"password2\", and no --password2 on the command line\n"
         "F:3:2: user1 is missing: the login name of the mailbox\n"
         "F:4:2: the same pair of mailboxes stands in line 2 (column \"user1\")\n"},
        {HEADER ",Host1,domain1,parallel\na,u,p,b,v,q,,,\n",
         "F:1:8: domain1 is an option of imapsync that mailconvoy refuses: it is of use for NTLM "
         "only, which is not supported; use --user or --authuser\n"
         "F:1:9: parallel can't be a column: it is not of a single mailbox\n"
         "F:1:7: says the same as column 1 (column \"Host1\")\n"},
        {HEADER ",srchost\na,u,p,b,v,q,a\n",
         "F:1:7: says the same as column 1 (column \"srchost\")\n"},
        {"host1,user1,user2\na,u,v\n",
         "F:1:1: there is no column \"password1\", and no --password1 on the command line\n"
         "F:1:1: there is no column \"host2\", and no --host2 on the command line\n"
         "F:1:1: there is no column \"password2\", and no --password2 on the command line\n"},
        {HEADER "\na,u,p,b,v\n" GOOD,
         "F:2:5: the row has 5 cells, but the header in line 1 has 6\n"},
        {HEADER "\na,u,p,b,v,q,\n" GOOD,
         "F:2:7: the row has 7 cells, but the header in line 1 has 6\n"},
        /* true lines behind quoted line breaks, comments, blank lines, a lone CR */
        {HEADER ",folder\n\"a\",u,p,b,v,q,\"x\ny\n\"\n#c\n\n,u2,p,b,v2,,\n",
         "F:7:1: host1 is missing: the name of the server\n"
         "F:7:6: password2 is missing (a passfile or a token serves as well)\n"},
        {HEADER "\r#c\r\r,u,p,b,v,q\r", "F:4:1: host1 is missing: the name of the server\n"},
        {HEADER "\n\"a\",u,p,b,v,\"q\n" GOOD,
         "F:2:1: a double quote that is opened in this row is never closed\n"},
        {HEADER ",port1,port2,ssl1\na,u,p,b,v,q,0,993x,maybe\n",
         "F:2:7: port1 wants a whole number from 1 to 65535\n"
         "F:2:8: port2 wants a whole number from 1 to 65535\n"
         "F:2:9: ssl1 wants yes or no\n"},
        {"srchost,srcport,srcsecurity,srcuser,srcpassword,dsthost,dstport,dstsecurity,dstuser,"
         "dstpassword\na,99999,sll,u,p,b,,,v,\n",
         "F:2:2: port1 wants a whole number from 1 to 65535 (column \"srcport\")\n"
         "F:2:3: wants ssl, starttls (or tls) or none (column \"srcsecurity\")\n"
         "F:2:10: password2 is missing (a passfile or a token serves as well) (column "
         "\"dstpassword\")\n"},
        {HEADER "\na,\"u\nx\",p,b,v,\"q\nr\"\n",
         "F:2:2: user1 may not hold a line break or another control character\n"
         "F:2:6: password2 may not hold a line break or another control character\n"},
        {HEADER "\na,u\xe9,p,b,v,q\xe9\n",
         "F:2:2: the cell is not UTF-8; save the file as \"CSV UTF-8\" (column \"user1\")\n"},
        {"\xff\xfeh", "F:1:1: the file is UTF-16; save it as \"CSV UTF-8\"\n"},
        {HEADER ",shared1\na,u,p,b,v,q,\nA,u,p,b,v,q,\na,u,p,b,w,q,s\n",
         "F:3:2: the same pair of mailboxes stands in line 2 (column \"user1\")\n"},
        {HEADER "\na,u,p,b,v@X.org,q\na,u2,p,B,v@x.ORG,q\na,u3,p,b,V@x.org,q\n",
         "F:3:5: this destination mailbox is that of line 2 too; if two sources shall go there, "
         "give each its own subfolder2 (column \"user2\")\n"},
        {HEADER ",subfolder2\na,u1,p,b,v,q,X\na,u2,p,b,v,q,Y\na,u3,p,b,v,q,X\na,u4,p,b,v,q,\n"
                "a,u5,p,b,v,q,Z\n",
         "F:4:5: this destination mailbox is that of line 2 too; if two sources shall go there, "
         "give each its own subfolder2 (column \"user2\")\n"
         "F:5:5: this destination mailbox is that of line 2 too; if two sources shall go there, "
         "give each its own subfolder2 (column \"user2\")\n"
         "F:6:5: this destination mailbox is that of line 5 too; if two sources shall go there, "
         "give each its own subfolder2 (column \"user2\")\n"},
        {HEADER ",shared2\na,u\\s,p,A,u,q,s\n",
         "F:2:5: source and destination are the same mailbox (column \"user2\")\n"},
        {HEADER ",passfile2\na,u,env:MAILCONVOY_NONE,b,v,,/none.txt\n",
         "F:2:3: password1 names an environment variable that is not set: MAILCONVOY_NONE\n"
         "F:2:7: passfile2 \"/none.txt\" can't be used: No such file or directory\n"},
        {"a;u;p;b;v;q;--minsize 2k --maxsize 1k\n",
         "F:1:1: minsize must be smaller than maxsize, or nothing is copied\n"},
        {"a;u;p;b;v;q\na;u2;p;b\n", "F:2:4: the row has 4 cells instead of 6, or 7 with extra "
                                    "options\n"},
        {"a;u;p;b;v;q;;x\n", "F:1:8: this cell must be empty: its column has no meaning here\n"},
        {"a;u;p;b;v;q;--folder \"x\n",
         "F:1:7: a quote is not closed, or there are too many words (column \"extra options\")\n"},
        {"a;u;p;b;v;q;--domain1 x --parallel 3 geheim;\n",
         "F:1:7: --domain1 is an option of imapsync that mailconvoy refuses: it is of use for NTLM "
         "only, which is not supported; use --user or --authuser (column \"extra options\")\n"
         "F:1:7: --parallel can't be set for a single row (column \"extra options\")\n"
         "F:1:7: a word somewhere after option --parallel belongs to no option (column \"extra "
         "options\")\n"},
        {"EmailAddress,UserName,Password\nv,u,p\n",
         "F:1:1: there is no column \"host1\", and no --host1 on the command line\n"
         "F:1:1: there is no column \"host2\", and no --host2 on the command line\n"
         "F:1:1: there is no column \"password2\", and no --password2 on the command line\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sheet sheet;
        sheet_read(&sheet, NULL, rows[i].content, strlen(rows[i].content), 0600);
        assert_null(sheet.manifest);
        assert_faults(&sheet, rows[i].faults);
        sheet_deinit(&sheet);
    }
}

static void test_nul_and_long_cells(void **state)
{
    static const char nul[] = HEADER "\na,u\0x,p,b,v,q\n";
    struct sheet sheet;
    (void)state;
    sheet_read(&sheet, NULL, nul, sizeof(nul) - 1, 0600);
    assert_faults(&sheet, "F:2:2: the cell holds a NUL byte (column \"user1\")\n");
    sheet_deinit(&sheet);

    size_t size = 70000;
    char *text = mem_alloc(size + 100);
    memcpy(text, HEADER "\n", sizeof(HEADER));
    memset(text + sizeof(HEADER), 'a', size);
    memcpy(text + sizeof(HEADER) + size, ",u,p,b,v,q\n", 11);
    sheet_read(&sheet, NULL, text, sizeof(HEADER) + size + 11, 0600);
    assert_faults(&sheet, "F:2:1: the cell is longer than 64 KiB (column \"host1\")\n");
    sheet_deinit(&sheet);
    mem_free(text);

    size = (size_t)2 << 20;
    text = mem_alloc(size);
    memset(text, 'a', size);
    memcpy(text, HEADER "\n\"", sizeof(HEADER) + 1);
    sheet_read(&sheet, NULL, text, size, 0600);
    assert_faults(&sheet,
                  "F:2:1: the row that begins here is longer than 1 MiB; is a closing quote "
                  "missing?\n");
    sheet_deinit(&sheet);
    mem_free(text);
}

static void test_faults_are_counted_beyond_the_ceiling(void **state)
{
    struct buffer text;
    struct sheet sheet;
    size_t lines = 0;
    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_append_str(&text, HEADER ",port1\n");
    for (int i = 0; i < MANIFEST_MAX_FAULTS + 7; i++)
        buffer_printf(&text, "a,u%d,p,b,v%d,q,x\n", i, i);
    sheet_read(&sheet, NULL, text.data, text.used, 0600);
    for (const char *p = buffer_str(&sheet.faults); *p != '\0'; p++)
        lines += *p == '\n' ? 1 : 0;
    assert_int_equal(lines, MANIFEST_MAX_FAULTS + 1);
    assert_non_null(strstr(buffer_str(&sheet.faults), "\nand 7 more\n"));
    sheet_deinit(&sheet);
    buffer_deinit(&text);
}

static void test_missing_file(void **state)
{
    struct settings defaults;
    struct manifest *manifest;
    struct buffer faults;
    (void)state;
    settings_init(&defaults);
    buffer_init(&faults, 4096);
    assert_false(manifest_read("/nonexistent/m.csv", &defaults, &manifest, &faults));
    assert_null(manifest);
    assert_false(manifest_read("/tmp", &defaults, &manifest, &faults));
    assert_string_equal(buffer_str(&faults),
                        "/nonexistent/m.csv: can't be opened: No such file or directory\n"
                        "/tmp: is a folder; the manifest must be a CSV file\n");
    buffer_deinit(&faults);
    settings_deinit(&defaults);
}

/* --- who may read and write it --- */

static void test_file_modes(void **state)
{
    static const char *const insecure[][2] = {{"workdir", "w"}, {NULL, NULL}};
#define READABLE                                                                                \
    "F:2:3: the manifest holds plain passwords and others may read it: chmod 600 F (or accept " \
    "that with --insecure-manifest) (column \"password1\")\n"
#define WRITABLE                                                                                 \
    "F:2:3: a cmd: password is refused, since others may write the manifest; chmod 600 it, and " \
    "own it (column \"password1\")\n"
    static const struct {
        mode_t mode;
        const char *row;
        bool is_insecure;
        const char *faults;
    } rows[] = {
        {0604, "a,u,p,b,v,q\nc,u,p,d,v,q\n", false, READABLE},
        {0640, "a,u,p,b,v,q\n", false, READABLE},
        {0640, "a,u,p,b,v,q\n", true, ""},
        {0644, "a,u,env:PATH,b,v,cmd:true\n", false, ""},
        {0622, "a,u,cmd:true,b,v,env:PATH\n", false, WRITABLE},
        {0620, "a,u,cmd:true,b,v,env:PATH\n", true, WRITABLE},
        {0600, "a,u,p,b,v,cmd:exit 1\n", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct sheet sheet;
        (void)snprintf(text, sizeof(text), HEADER "\n%s", rows[i].row);
        sheet_read(&sheet, insecure, text, strlen(text), rows[i].mode);
        if (rows[i].is_insecure) {
            manifest_deinit(&sheet.manifest);
            buffer_clear(&sheet.faults);
            sheet.defaults.insecure_manifest = true;
            (void)manifest_read(path, &sheet.defaults, &sheet.manifest, &sheet.faults);
        }
        assert_faults(&sheet, rows[i].faults);
        sheet_deinit(&sheet);
    }
}

static void test_secrets_never_reach_a_fault(void **state)
{
    static const char *const rows[] = {
        "a,u,geheim,b,v,q\na,u,geheim,b,v,q\n",
        HEADER "\na,u,\"ge\nheim\",b,v,q\n",
        HEADER ",port1,password1\na,u,geheim,b,v,q,geheim,geheim\n",
        HEADER "\na,u,geheim,b,v,q,geheim\n",
        "a;u;geheim;b;v;q;--passwort1 geheim\n",
        "a;u;p;b;v;q;--password1 \"geheim\n",
        "a;u;p;b;v;geheim;x;geheim\n",
        HEADER "\na,u,cmd:geheim,b,v,cmd:geheim\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sheet sheet;
        sheet_read(&sheet, NULL, rows[i], strlen(rows[i]), 0666);
        assert_null(sheet.manifest);
        assert_null(strstr(buffer_str(&sheet.faults), "heim"));
        sheet_deinit(&sheet);
    }
}

/* --- what is understood --- */

static const char *const hosts[][2] = {{"host1", "old.example"}, {"host2", "new.example"},
                                       {"user2", "default"},     {"password2", "default"},
                                       {"folder", "Default"},    {NULL, NULL}};

/* The echo of the first row's settings tells what was understood. */
static void test_formats(void **state)
{
#define DEFAULTS_LESS "user2 = v\npassword1 = MASKED\npassword2 = MASKED\nfolder = Default\n"
    static const struct {
        const char *content;
        size_t count;
        size_t line;
        const char *echo;
    } rows[] = {
        {HEADER "\na,u,p,b,v,q\n", 1, 2, "host1 = a\nhost2 = b\nuser1 = u\n" DEFAULTS_LESS},
        {"\xef\xbb\xbf# c\r\n\r\npassword1;USER2;user1\r\np;v;u", 1, 4,
         "host1 = old.example\nhost2 = new.example\nuser1 = u\n" DEFAULTS_LESS},
        {"user1\tpassword1\tuser2\ru\tp\tv\rx\tp\ty\r", 2, 2,
         "host1 = old.example\nhost2 = new.example\nuser1 = u\n" DEFAULTS_LESS},
        {"user1,password1,folder,f1f2,label,exclude,prefix2\n\n  # c\n"
         "u,\"p,\"\"q\",\"A B\n\nC\",\"A=B\nC=D\",Team,\"^x,y$\",\n,,,,,,\n",
         1, 4,
         "host1 = old.example\nhost2 = new.example\nuser1 = u\nuser2 = default\n"
         "password1 = MASKED\npassword2 = MASKED\nfolder = A B\nfolder = C\nexclude = ^x,y$\n"
         "f1f2 = A=B\nf1f2 = C=D\nlabel = Team\n"},
        {"a;u;p,p,p,p,p,p,p;b;v;q;--folder 'A B' --nosubscribe --exclude ^\\[G\\]$;\r\n", 1, 1,
         "host1 = a\nhost2 = b\nuser1 = u\nuser2 = v\npassword1 = MASKED\npassword2 = MASKED\n"
         "folder = A B\nexclude = ^\\[G\\]$\nsubscribe = no\n"},
        {"# imapsync\n\na;u@d\\s@d;p;b;v;q\na;u2;p;b;v2;q;\na;u3;p;b;v3;q;;\n;;;;;;;\n", 3, 3,
         "host1 = a\nhost2 = b\nuser1 = u@d\\s@d\n" DEFAULTS_LESS},
        {"srchost,srcport,srcsecurity,srcuser,srcpassword,dsthost,dstport,dstsecurity,dstuser,"
         "dstpassword\na,143,None,u,p,b,,StartTLS,v,q\n",
         1, 2,
         "host1 = a\nhost2 = b\nport1 = 143\nssl1 = no\nssl2 = no\ntls1 = no\ntls2 = yes\n"
         "user1 = u\n" DEFAULTS_LESS},
        {"oldhost,oldport,oldsecurity,olduser,oldpassword,newhost,newport,newsecurity,newuser,"
         "newpassword\na,993,ssl,u,p,b,993,SSL,v,q\n",
         1, 2,
         "host1 = a\nhost2 = b\nport1 = 993\nport2 = 993\nssl1 = yes\nssl2 = yes\ntls1 = no\n"
         "tls2 = no\nuser1 = u\n" DEFAULTS_LESS},
        {"EmailAddress,UserName,Password,UserRoot\nv@new,u,p,/users/u\n", 1, 2,
         "host1 = old.example\nhost2 = new.example\nuser1 = u\nuser2 = v@new\n"
         "password1 = MASKED\npassword2 = MASKED\nfolder = Default\nsubfolder1 = users/u\n"},
        {"Source Email,Source Login Name,Source Password,Destination Email,Destination Login Name,"
         "Destination Password,Flags\nu@a,,p,v@b,login,q,\n",
         1, 2,
         "host1 = old.example\nhost2 = new.example\nuser1 = u@a\nuser2 = login\n"
         "password1 = MASKED\npassword2 = MASKED\nfolder = Default\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sheet sheet;
        struct settings row;
        struct buffer echo;
        sheet_read(&sheet, hosts, rows[i].content, strlen(rows[i].content), 0600);
        assert_faults(&sheet, "");
        assert_int_equal(manifest_count(sheet.manifest), rows[i].count);
        assert_int_equal(manifest_row_line(sheet.manifest, 0), rows[i].line);
        manifest_resolve(sheet.manifest, 0, &row);
        buffer_init(&echo, 65536);
        settings_append_echo(&row, &echo);
        /* order is the table's: compare as sets of lines */
        size_t lines = 0;
        for (const char *p = rows[i].echo; *p != '\0'; p = strchr(p, '\n') + 1) {
            char *line = mem_strndup(p, strcspn(p, "\n") + 1);
            if (strstr(buffer_str(&echo), line) == NULL)
                fail_msg("row %zu lacks %sin %s", i, line, buffer_str(&echo));
            mem_free(line);
            lines++;
        }
        for (const char *p = buffer_str(&echo); *p != '\0'; p++)
            lines -= *p == '\n' ? 1 : 0;
        assert_int_equal(lines, 0);
        buffer_deinit(&echo);
        settings_deinit(&row);
        sheet_deinit(&sheet);
    }
}

static void test_secrets_are_resolved(void **state)
{
    static const char text[] = "user1,password1,passfile1,user2,cafile2\n"
                               "u1,\" p \"\"x\",,v1,\n"
                               "u2,,secret.txt,v2,ca.pem\n"
                               "u3,ignored,secret.txt,v3,/etc/ca.pem\n";
    static const char *const secrets[] = {" p \"x", "from file", "from file"};
    char *secret_path = mem_printf("%s/secret.txt", folder);
    char *ca_path = mem_printf("%s/ca.pem", folder);
    struct sheet sheet;
    (void)state;
    write_file(secret_path, "from file\n", 10, 0600);
    sheet_read(&sheet, hosts, text, strlen(text), 0600);
    assert_faults(&sheet, "");
    for (size_t i = 0; i < 3; i++) {
        struct settings row;
        struct fault fault;
        char *secret = NULL;
        manifest_resolve(sheet.manifest, i, &row);
        assert_true(settings_resolve_secret(&row, 1, &secret, &fault));
        assert_string_equal(secret, secrets[i]);
        if (i == 1)
            assert_string_equal(row.side[1].cafile, ca_path);
        if (i == 2)
            assert_string_equal(row.side[1].cafile, "/etc/ca.pem");
        mem_free_secret(&secret);
        settings_deinit(&row);
    }
    sheet_deinit(&sheet);
    assert_int_equal(unlink(secret_path), 0);
    mem_free(secret_path);
    mem_free(ca_path);
}

static void test_many_rows(void **state)
{
    struct buffer text;
    struct sheet sheet;
    struct settings row;
    (void)state;
    buffer_init(&text, 1 << 22);
    buffer_append_str(&text, HEADER "\n");
    for (int i = 0; i < 20000; i++)
        buffer_printf(&text, "a,u%d,p,b,v%d,q\n", i, i);
    buffer_append_str(&text, "a,u17,p,b,v17,q\n");
    sheet_read(&sheet, NULL, text.data, text.used, 0600);
    assert_faults(&sheet, "F:20002:2: the same pair of mailboxes stands in line 19 (column "
                          "\"user1\")\n");
    sheet_deinit(&sheet);
    sheet_read(&sheet, NULL, text.data, text.used - strlen("a,u17,p,b,v17,q\n"), 0600);
    assert_int_equal(manifest_count(sheet.manifest), 20000);
    manifest_resolve(sheet.manifest, 19999, &row);
    assert_string_equal(row.side[0].user, "u19999");
    settings_deinit(&row);
    sheet_deinit(&sheet);
    buffer_deinit(&text);
}

/* --- the helpers --- */

static void test_words(void **state)
{
    static const struct {
        const char *text;
        const char *words; /* joined by '|'; NULL: a fault */
    } rows[] = {
        {"'a", NULL},
        {"a \"b", NULL},
        {"", ""},
        {"  \t ", ""},
        {"a b", "a|b"},
        {" 'a b'c \"d e\"", "a bc|d e"},
        {"''", ""},
        {"a '' b", "a||b"},
        {"\"a\\\"b\\\\c\\d\" '\\'", "a\"b\\c\\d|\\"},
        {"a\\ b ^\\[G\\]\\$ \\\\ \\' e\\", "a b|^\\[G\\]\\$|\\|'|e\\"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct words words;
        struct buffer joined;
        bool is_fine = words_split(rows[i].text, &words);
        assert_int_equal(is_fine, rows[i].words != NULL);
        if (!is_fine)
            continue;
        buffer_init(&joined, 1024);
        for (int k = 0; k < words.count; k++)
            buffer_printf(&joined, "%s%s", k == 0 ? "" : "|", words.items[k]);
        assert_string_equal(buffer_str(&joined), rows[i].words);
        buffer_deinit(&joined);
        words_deinit(&words);
    }
}

static void test_key_set(void **state)
{
    struct key_set *set = key_set_init();
    size_t first = 0;
    (void)state;
    assert_false(key_set_find(set, "", 0, &first));
    assert_true(key_set_add(set, "", 0, 7, &first));
    assert_true(key_set_add(set, "a\0b", 3, 8, &first));
    assert_true(key_set_add(set, "a\0c", 3, 9, &first));
    assert_false(key_set_add(set, "a\0b", 3, 10, &first));
    assert_int_equal(first, 8);
    for (size_t i = 0; i < 5000; i++)
        assert_true(key_set_add(set, &i, sizeof(i), i, &first));
    for (size_t i = 0; i < 5000; i++) {
        assert_true(key_set_find(set, &i, sizeof(i), &first));
        assert_int_equal(first, i);
    }
    assert_true(key_set_find(set, "", 0, &first));
    assert_int_equal(first, 7);
    key_set_deinit(&set);
    assert_null(set);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    path = mem_printf("%s/m.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    mem_free(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_nul_and_long_cells),
        cmocka_unit_test(test_faults_are_counted_beyond_the_ceiling),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_file_modes),
        cmocka_unit_test(test_secrets_never_reach_a_fault),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_secrets_are_resolved),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_key_set),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
