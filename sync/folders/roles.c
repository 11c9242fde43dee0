/* SPDX-License-Identifier: MIT */
#include "sync/folders/roles.h"

#include <stdbool.h>

#include "base/str.h"
#include "sync/folders/folders.h"

struct role_names {
    unsigned int role;
    const char *const *names; /* the usual ones first, NULL at the end */
};

/* clang-format off */
static const char *const drafts_names[] = {
    "Drafts", "Draft", "Draft Messages",
    "Entwürfe", "Entwurf", "Brouillons", "Brouillon", "Borradores", "Borrador", "Esborranys",
    "Bozze", "Bozza", "Rascunhos", "Rascunho", "Concepten", "Concept",
    "Szkice", "Wersje robocze", "Kopie robocze", "Robocze", "Черновики", "Чернетки", "Чернови",
    "Utkast", "Kladder", "Kladde", "Luonnokset", "Koncepty", "Rozepsané", "Návrhy",
    "Piszkozatok", "Ciorne", "Schițe", "Osnutki", "Skice", "Nacrti", "Mustandid", "Melnraksti",
    "Juodraščiai", "Drög", "Πρόχειρα", "Taslaklar", "Taslak", "Nháp", "Thư nháp", "Draf", "Konsep",
    "下書き", "草稿", "草稿箱", "草稿匣", "草稿夹", "임시 보관함", "임시보관함", "ร่างจดหมาย", "แบบร่าง",
    "טיוטות", "مسودات", "المسودات", "Чернавчета", NULL};
static const char *const sent_names[] = {
    "Sent", "Sent Items", "Sent Messages", "Sent Mail", "Sent-Mail", "Sent Email", "Sent Objects",
    "Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Gesendete Nachrichten",
    "Gesendete E-Mails", "Gesendete Mails",
    "Envoyés", "Éléments envoyés", "Elements envoyes", "Messages envoyés", "Courrier envoyé",
    "Objets envoyés", "Envoyé", "Mails envoyés",
    "Enviados", "Elementos enviados", "Mensajes enviados", "Correo enviado", "Enviats",
    "Elements enviats",
    "Inviati", "Inviata", "Posta inviata", "Elementi inviati", "Messaggi inviati", "Oggetti inviati",
    "Itens enviados", "Mensagens enviadas", "E-mails enviados", "Enviadas", "Enviado", "Enviada",
    "Verzonden", "Verzonden items", "Verzonden berichten", "Verzonden objecten",
    "Wysłane", "Elementy wysłane", "Wiadomości wysłane", "Poczta wysłana",
    "Отправленные", "Отправленные элементы", "Отправлено", "Надіслані", "Відправлені", "Изпратени",
    "Skickat", "Skickade", "Skickade objekt", "Skickade meddelanden",
    "Sendt", "Sendt post", "Sendte elementer", "Sendte meldinger",
    "Sendte beskeder", "Sendte e-mails", "Lähetetyt", "Lähetetyt viestit", "Lähetetyt kohteet",
    "Odeslané", "Odeslaná pošta", "Odeslaná", "Odoslané", "Odoslaná pošta",
    "Elküldött", "Elküldött elemek", "Elküldött üzenetek", "Trimise", "Elemente trimise",
    "Poslano", "Poslana pošta", "Poslane stavke", "Saadetud", "Saadetud üksused", "Nosūtītie",
    "Išsiųsti", "Išsiųsta", "Sendir hlutir", "Απεσταλμένα", "Gönderilmiş Öğeler", "Gönderilenler",
    "Gönderilmiş", "Gönderilmiş Postalar", "Đã gửi", "Thư đã gửi", "Item Terkirim", "Terkirim",
    "送信済み", "送信済みアイテム", "送信済みメール", "送信済みトレイ", "送信済メール",
    "已发送", "已发送邮件", "已发邮件", "已傳送郵件", "寄件備份", "已寄出", "已傳送", "已发送消息", "寄件匣備份",
    "보낸 편지함", "보낸편지함", "보낸 메일함", "보낸메일함", "รายการที่ส่ง", "จดหมายที่ส่งแล้ว",
    "פריטים שנשלחו", "דואר שנשלח", "العناصر المرسلة", "البريد المرسل", NULL};
static const char *const trash_names[] = {
    "Trash", "Deleted Items", "Deleted Messages", "Deleted", "Deleted Objects", "Trash Can",
    "Trashcan", "Bin", "Deleted Mail", "Wastebasket",
    "Papierkorb", "Gelöscht", "Gelöschte Elemente", "Gelöschte Objekte", "Gelöschte Nachrichten",
    "Gelöschte E-Mails",
    "Corbeille", "Éléments supprimés", "Elements supprimes", "Messages supprimés", "Supprimés",
    "Objets supprimés",
    "Papelera", "Elementos eliminados", "Eliminados", "Mensajes eliminados", "Paperera",
    "Elements suprimits", "Papelera de reciclaje",
    "Cestino", "Posta eliminata", "Elementi eliminati", "Eliminati", "Messaggi eliminati",
    "Oggetti eliminati",
    "Lixeira", "Lixo", "Itens excluídos", "Itens eliminados", "Mensagens excluídas", "Reciclagem",
    "Prullenbak", "Prullenmand", "Verwijderde items", "Verwijderde berichten", "Verwijderd",
    "Kosz", "Elementy usunięte", "Usunięte", "Wiadomości usunięte",
    "Корзина", "Удаленные", "Удалённые", "Удаленные элементы", "Удалённые элементы", "Кошик",
    "Видалені", "Кошче", "Изтрити",
    "Papperskorgen", "Papperskorg", "Borttaget", "Borttagna objekt", "Borttagna",
    "Papirkurv", "Slettet post", "Slettede elementer", "Papirkurven", "Søppel", "Søppelkurv",
    "Slettet", "Roskakori", "Poistetut", "Poistetut kohteet",
    "Koš", "Odstraněná pošta", "Odstraněné", "Kôš", "Odstránené", "Vymazané položky",
    "Kuka", "Lomtár", "Törölt", "Törölt elemek", "Törölt üzenetek", "Coș de gunoi", "Gunoi",
    "Elemente șterse", "Șterse", "Smeti", "Izbrisano", "Koš za smeće", "Otpad", "Prügikast",
    "Kustutatud üksused", "Atkritne", "Dzēstie vienumi", "Šiukšlinė", "Šiukšliadėžė", "Rusl",
    "Κάδος απορριμμάτων", "Διαγραμμένα", "Διαγραμμένα στοιχεία", "Κάδος",
    "Çöp Kutusu", "Çöp", "Silinmiş Öğeler", "Silinmiş", "Silinmiş Postalar", "Thùng rác",
    "Tong Sampah", "Sampah", "Item Dihapus",
    "ゴミ箱", "ごみ箱", "削除済みアイテム", "削除済みメール", "削除済み", "削除済メール",
    "已删除", "已删除邮件", "垃圾桶", "回收站", "刪除的郵件", "已刪除", "已刪除的郵件", "垃圾筒",
    "지운 편지함", "지운편지함", "휴지통", "ถังขยะ", "รายการที่ถูกลบ", "פריטים שנמחקו", "אשפה",
    "العناصر المحذوفة", "المهملات", NULL};
static const char *const junk_names[] = {
    "Junk", "Junk E-mail", "Junk Email", "Junk Mail", "Spam", "Bulk Mail", "Bulk", "Bulk E-mail",
    "Spam E-mail", "Spamverdacht", "Spam Mail", "Junkmail",
    "Junk-E-Mail", "Unerwünscht", "Unerwünschte Werbung", "Unerwünschte E-Mails",
    "Courrier indésirable", "Indésirables", "Pourriel", "Pourriels", "Courriers indésirables",
    "Correo no deseado", "No deseado", "Correo basura", "Correu brossa",
    "Posta indesiderata", "Indesiderata", "Posta spazzatura",
    "Lixo eletrônico", "Lixo Eletrónico", "Lixo eletronico", "Correio eletrónico não solicitado",
    "E-mail de lixo", "Lixo electrónico",
    "Ongewenste e-mail", "Ongewenst", "Ongewenste reclame", "Ongewenste mail",
    "Wiadomości-śmieci", "Wiadomości śmieci", "Niechciane", "Śmieci", "Poczta-śmieci",
    "Нежелательная почта", "Спам", "Нежелательные", "Небажана пошта", "Небажана електронна пошта",
    "Skräppost", "Søppelpost", "Uønsket e-post", "Uønsket mail", "Uønsket e-mail", "Uønsket",
    "Roskaposti", "Nevyžádaná pošta", "Nevyžádané", "Nevyžiadaná pošta", "Nevyžiadané",
    "Levélszemét", "Mesaje nedorite", "Neželena pošta", "Neželena e-pošta", "Rämpspost",
    "Mēstules", "Brukalas", "Ruslpóstur", "Ανεπιθύμητα", "Ανεπιθύμητη αλληλογραφία",
    "Önemsiz E-posta", "Önemsiz", "Gereksiz E-posta", "İstenmeyen", "Gereksiz", "Thư rác",
    "Surel Sampah", "Email Sampah",
    "迷惑メール", "迷惑メールフォルダ", "スパム", "垃圾邮件", "垃圾郵件",
    "정크 메일", "정크메일", "스팸메일함", "스팸 메일함", "스팸함", "อีเมลขยะ", "จดหมายขยะ",
    "דואר זבל", "البريد الإلكتروني غير الهام", "البريد غير الهام", NULL};
static const char *const archive_names[] = {
    "Archive", "Archives", "Archived", "Archiv", "Archivo", "Archivos", "Archivio", "Archivia",
    "Arquivo", "Arquivo Morto", "Arquivos", "Arquivar", "Arxiu", "Archief", "Archiwum", "Архив",
    "Архів", "Arkiv", "Arkivet", "Arkiverat", "Arkisto", "Archív", "Archívum", "Arhivă", "Arhiva",
    "Arhiv", "Arhiiv", "Arhīvs", "Archyvas", "Archyvai", "Safn", "Αρχείο", "Αρχειοθέτηση", "Arşiv",
    "Lưu trữ", "Arsip", "アーカイブ", "存档", "封存", "归档", "歸檔", "보관함", "보관", "เก็บถาวร",
    "ארכיון", "أرشيف", "الأرشيف", NULL};
static const char *const all_names[] = {
    "All Mail", "All Messages", "All", "Alle Nachrichten", "Tous les messages", "Todos",
    "Tutti i messaggi", "Todos os e-mails", "Todo el correo", "Alle e-mails", "Wszystkie",
    "Вся почта", "Alla mail", "Al post", "All e-post", "Kaikki viestit", "Všechny zprávy",
    "すべてのメール", "所有邮件", "所有郵件", "전체보관함", "Tüm Postalar", NULL};
static const char *const flagged_names[] = {
    "Flagged", "Starred", "Markiert", "Suivis", "Destacados", "Speciali", "Com estrela",
    "Met ster", "Oznaczone gwiazdką", "Помеченные", "Stjärnmärkt", "Stjernemerket", "Stjernemarkeret",
    "Tähdellä merkityt", "S hvězdičkou", "スター付き", "已加星标", "已加星號", "별표편지함", "Yıldızlı", NULL};
/* clang-format on */

static const struct role_names roles[] = {
    {FOLDER_DRAFTS, drafts_names},   {FOLDER_SENT, sent_names}, {FOLDER_TRASH, trash_names},
    {FOLDER_JUNK, junk_names},       {FOLDER_ALL, all_names},   {FOLDER_ARCHIVE, archive_names},
    {FOLDER_FLAGGED, flagged_names},
};

unsigned int role_by_name(const char *display, size_t *rank_r)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        for (size_t rank = 0; roles[i].names[rank] != NULL; rank++) {
            if (!str_iequals(display, roles[i].names[rank]))
                continue;
            if (rank_r != NULL)
                *rank_r = rank;
            return roles[i].role;
        }
    }
    return 0;
}
