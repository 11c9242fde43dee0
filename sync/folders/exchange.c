/* SPDX-License-Identifier: MIT */
#include "sync/folders/exchange.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name_map.h"

/* What one language calls them; several names of one are parted by "|". */
struct exchange_names {
    const char *names[EXCHANGE_SYNC_ISSUES - EXCHANGE_CALENDAR + 1];
};

/* clang-format off */
static const struct exchange_names languages[] = {
    {{"Calendar", "Contacts", "Tasks", "Notes", "Journal", "Outbox", "Sync Issues"}},
    {{"Kalender", "Kontakte", "Aufgaben", "Notizen", "Journal", "Postausgang",
      "Synchronisierungsprobleme"}},
    {{"Calendrier", "Contacts", "Tâches", "Notes", "Journal", "Boîte d'envoi|Boîte d’envoi",
      "Problèmes de synchronisation"}},
    {{"Calendario", "Contactos", "Tareas", "Notas", "Diario", "Bandeja de salida",
      "Problemas de sincronización"}},
    {{"Calendario", "Contatti", "Attività", "Note", "Diario", "Posta in uscita",
      "Problemi di sincronizzazione|Problemi sincronizzazione"}},
    {{"Agenda", "Contactpersonen", "Taken", "Notities", "Logboek|Dagboek|Journaal", "Postvak UIT",
      "Synchronisatieproblemen"}},
    {{"Calendário", "Contatos", "Tarefas", "Anotações", "Diário", "Caixa de Saída|Caixa de saída",
      "Problemas de Sincronização|Problemas de sincronização"}},
    {{"Calendário", "Contactos", "Tarefas", "Notas", "Diário", "A Enviar|A enviar",
      "Problemas de Sincronização|Problemas de sincronização"}},
    {{"Kalendarz", "Kontakty", "Zadania", "Notatki", "Dziennik", "Skrzynka nadawcza",
      "Problemy z synchronizacją|Problemy synchronizacji"}},
    {{"Kalendář", "Kontakty", "Úkoly", "Poznámky", "Deník", "Pošta k odeslání",
      "Problémy se synchronizací"}},
    {{"Kalendár", "Kontakty", "Úlohy", "Poznámky", "Denník", "Pošta na odoslanie",
      "Problémy so synchronizáciou"}},
    {{"Naptár", "Névjegyalbum|Partnerek|Névjegyek", "Feladatok", "Feljegyzések|Jegyzetek", "Napló",
      "Postázandó üzenetek", "Szinkronizálási problémák"}},
    {{"Calendar", "Persoane de contact|Contacte", "Activități|Sarcini", "Note", "Jurnal",
      "Cutie poștală Ieșire|Ieșire", "Probleme de sincronizare"}},
    {{"Koledar", "Stiki", "Opravila", "Opombe|Zapiski", "Dnevnik", "Odpošlji", ""}},
    {{"Kalendar", "Kontakti", "Zadaci", "Bilješke|Beleške", "Dnevnik", "Izlazna pošta", ""}},
    {{"Kalender", "Kontakter|Kontaktpersoner", "Opgaver", "Noter", "Journal|Kladde", "Udbakke",
      "Synkroniseringsproblemer"}},
    {{"Kalender", "Kontakter", "Oppgaver", "Notater", "Journal|Logg", "Utboks",
      "Synkroniseringsproblemer"}},
    {{"Kalender", "Kontakter", "Uppgifter", "Anteckningar", "Journal", "Utkorgen|Utkorg",
      "Synkroniseringsproblem|Synkroniseringsfel"}},
    {{"Kalenteri", "Yhteystiedot", "Tehtävät", "Muistilaput|Muistiinpanot", "Päiväkirja", "Lähtevät",
      "Synkronointiongelmat"}},
    {{"Takvim", "Kişiler", "Görevler", "Notlar", "Günlük", "Giden Kutusu", "Eşitleme Sorunları"}},
    {{"Ημερολόγιο", "Επαφές", "Εργασίες", "Σημειώσεις", "Χρονικό", "Εξερχόμενα",
      "Προβλήματα συγχρονισμού"}},
    {{"Календарь", "Контакты", "Задачи", "Заметки", "Дневник", "Исходящие",
      "Ошибки синхронизации|Проблемы синхронизации"}},
    {{"Календар", "Контакти", "Завдання", "Нотатки", "Щоденник|Журнал", "Вихідні",
      "Проблеми синхронізації"}},
    {{"Календар", "Контакти", "Задачи", "Бележки", "Дневник", "Изходящи", ""}},
    {{"予定表", "連絡先", "タスク|仕事", "メモ", "履歴", "送信トレイ", "同期の失敗"}},
    {{"日历", "联系人", "任务", "便笺|笔记", "日记", "发件箱", "同步问题"}},
    {{"行事曆", "連絡人", "工作", "記事|附註", "日誌", "寄件匣", "同步處理問題"}},
    {{"일정", "연락처", "작업", "메모", "업무 일지", "보낼 편지함", "동기화 문제"}},
    {{"Calendari", "Contactes", "Tasques", "Notes", "Diari", "Safata de sortida", ""}},
    {{"לוח שנה", "אנשי קשר", "משימות", "פתקים", "יומן", "דואר יוצא", ""}},
    {{"التقويم", "جهات الاتصال", "المهام", "الملاحظات", "دفتر اليومية", "علبة الصادر", ""}},
};
#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))
#define ALL_LANGUAGES ((1ULL << LANGUAGES) - 1)
_Static_assert(LANGUAGES < 64, "a bit for each language");

/* Of no language. */
static const struct {
    const char *names;
    enum exchange_kind kind;
} everywhere[] = {
    {"Files", EXCHANGE_FILES},
    {"Conversation Action Settings|Quick Step Settings|ExternalContacts|PersonMetadata|Yammer Root",
     EXCHANGE_SETTINGS},
};
/* clang-format on */

static bool is_one_of(const char *names, const char *display)
{
    size_t size = strlen(display);
    while (*names != '\0') {
        size_t length = strcspn(names, "|");
        if (length == size && str_istarts_with(names, display))
            return size > 0;
        names += length + (names[length] == '|');
    }
    return false;
}

static enum exchange_kind kind_in_language(size_t language, const char *display)
{
    for (int kind = EXCHANGE_CALENDAR; kind <= EXCHANGE_SYNC_ISSUES; kind++) {
        if (is_one_of(languages[language].names[kind - EXCHANGE_CALENDAR], display))
            return (enum exchange_kind)kind;
    }
    return EXCHANGE_MAIL;
}

/* The decoded top level of a name, without prefix, in small ASCII letters. Owned by the caller. */
static char *top_of(const char *name, const struct name_style *style, char separator)
{
    const char *path = name + name_prefix_size(style, name);
    const char *end = separator == '\0' ? NULL : strchr(path, separator);
    char *top = mem_strndup(path, end == NULL ? strlen(path) : (size_t)(end - path));
    char *display = mutf7_to_display(top);
    for (char *at = display; *at != '\0'; at++)
        *at = str_lower(*at);
    mem_free(top);
    return display;
}

enum exchange_kind exchange_folders_kind(const struct exchange_folders *own, const char *name,
                                         char separator)
{
    enum exchange_kind kind = EXCHANGE_MAIL;
    char *display = top_of(name, own->style, separator);
    for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
        if (is_one_of(everywhere[i].names, display))
            kind = everywhere[i].kind;
    }
    for (size_t i = 0; kind == EXCHANGE_MAIL && i < LANGUAGES; i++) {
        if ((own->languages & 1ULL << i) != 0)
            kind = kind_in_language(i, display);
    }
    mem_free(display);
    return kind;
}

/* ---- which language ---- */

struct scores {
    size_t counts[LANGUAGES];
    bool has_main[LANGUAGES]; /* Calendar or Contacts, which every mailbox has */
};

static void scores_take(struct scores *scores, const char *display)
{
    for (size_t i = 0; i < LANGUAGES; i++) {
        enum exchange_kind kind = kind_in_language(i, display);
        scores->counts[i] += kind != EXCHANGE_MAIL;
        scores->has_main[i] = scores->has_main[i] || kind == EXCHANGE_CALENDAR ||
                              kind == EXCHANGE_CONTACTS;
    }
}

/* All that share the highest score. */
static unsigned long long scores_best(const struct scores *scores)
{
    unsigned long long best = 0;
    size_t highest = 0;
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (!scores->has_main[i] || scores->counts[i] < highest)
            continue;
        best = (scores->counts[i] > highest ? 0 : best) | 1ULL << i;
        highest = scores->counts[i];
    }
    return best;
}

/* Whether a name is a top one; what is below tells nothing. */
static bool is_top(const struct folder *folder, const struct name_style *style)
{
    char separator = name_separator(style, folder);
    const char *path = folder->name + name_prefix_size(style, folder->name);
    return strlen(folder->name) <= FOLDER_NAME_MAX_BYTES &&
           (separator == '\0' || strchr(path, separator) == NULL);
}

/* `but` may be NULL: decoded top names that do not count. */
static void find_languages(struct exchange_folders *own, const struct name_map *but)
{
    struct scores scores = {0};
    size_t ignored;
    for (size_t i = 0; i < own->list->count; i++) {
        const struct folder *folder = &own->list->items[i];
        if (!is_top(folder, own->style))
            continue;
        char *display = top_of(folder->name, own->style, name_separator(own->style, folder));
        if (but == NULL || !name_map_find(but, display, &ignored))
            scores_take(&scores, display);
        mem_free(display);
    }
    own->languages = scores_best(&scores);
}

void exchange_folders_init(struct exchange_folders *own, const struct folder_list *list,
                           const struct name_style *style)
{
    *own = (struct exchange_folders){list, style, 0};
    find_languages(own, NULL);
}

void exchange_folders_init_target(struct exchange_folders *own, const struct folder_list *list,
                                  const struct name_style *style, const struct folder_list *source,
                                  const struct name_style *source_style,
                                  const struct exchange_folders *source_own)
{
    struct str_list tops = {0};
    struct name_map by_top;
    *own = (struct exchange_folders){list, style, 0};
    for (size_t i = 0; i < source->count; i++) {
        const struct folder *folder = &source->items[i];
        char separator = name_separator(source_style, folder);
        if (source_own != NULL &&
            exchange_folders_kind(source_own, folder->name, separator) != EXCHANGE_MAIL)
            continue;
        char *top = top_of(folder->name, source_style, separator);
        str_list_add(&tops, top);
        mem_free(top);
    }
    name_map_init(&by_top);
    for (size_t i = 0; i < tops.count; i++)
        (void)name_map_add(&by_top, tops.items[i], i);
    find_languages(own, &by_top);
    name_map_deinit(&by_top);
    str_list_deinit(&tops);
    if (own->languages == 0)
        own->languages = ALL_LANGUAGES;
}
