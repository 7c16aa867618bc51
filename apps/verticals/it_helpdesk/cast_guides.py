"""The guides of the demo helpdesk: decision flows as data. A step is (name, what is said, after yes, after no)."""

Row = tuple[str, str, str, tuple[tuple[str, str, str, str], ...]]

# Category, title, symptoms, steps.
GUIDES: tuple[Row, ...] = (
    (
        "printer",
        "Paper jam",
        "jam, jammed, paper is stuck, paper stuck, jams",
        (
            ("tray", "Please open the paper tray and take out any loose sheets. Does it print again?", "", ""),
            (
                "rear",
                "Please open the rear cover and pull the stuck paper out slowly with both hands. Does it print again?",
                "",
                "",
            ),
            ("restart", "Please turn the printer off, wait ten seconds and turn it on. Does it print again?", "", ""),
        ),
    ),
    (
        "printer",
        "Printer does not print",
        "not printing, does not print, nothing comes out, will not print, offline, queue, can not print, printer",
        (
            ("power", "Please look at the printer's display. Is it lit?", "queue", "plug"),
            ("plug", "Please check the power cable and press the power button. Does it print now?", "", "ticket"),
            ("queue", "Please open the print queue and cancel all jobs. Does it print now?", "", ""),
            ("restart", "Please turn the printer off, wait ten seconds and turn it on. Does it print now?", "", ""),
        ),
    ),
    (
        "printer",
        "Faded or streaky pages",
        "faded, streaks, stripes, smudges, pale, toner, ink, poor print quality",
        (
            ("shake", "Please take out the toner, shake it gently and put it back. Are the pages clear now?", "", ""),
            ("toner", "Is there a new toner in the cabinet that you can put in?", "after", "ticket"),
            ("after", "Please print a test page. Is it clear now?", "", "ticket"),
        ),
    ),
    (
        "printer",
        "Scanner does not scan",
        "scan, scanner, scanning, scans do not arrive, copier",
        (
            ("glass", "Please restart the scanner and scan one page again. Did it arrive?", "", ""),
            ("target", "Please choose your own name as the target. Did it arrive now?", "", "ticket"),
        ),
    ),
    (
        "network",
        "Wi-Fi does not work",
        "wifi, wi fi, wireless, no connection, drops, weak signal, disconnects",
        (
            ("airplane", "Please turn Wi-Fi off and on again. Are you connected now?", "", ""),
            ("others", "Do other people near you have the same trouble?", "human", "forget"),
            ("forget", "Please forget the network and connect anew. Are you connected now?", "", "restart"),
            ("restart", "Please restart your computer. Are you connected now?", "", "ticket"),
        ),
    ),
    (
        "network",
        "No internet by cable",
        "internet, ethernet, cable, offline, websites do not load, no network, slow internet, slow connection",
        (
            ("cable", "Please unplug the network cable and plug it in firmly. Does it work now?", "", ""),
            ("others", "Do other people near you have the same trouble?", "human", "restart"),
            ("restart", "Please restart your computer. Does it work now?", "", "ticket"),
        ),
    ),
    (
        "network",
        "VPN does not connect",
        "vpn, remote, from home, home office, tunnel",
        (
            ("online", "Does a website open in your browser without the VPN?", "app", "internet"),
            ("internet", "Please restart your router at home. Does the VPN connect now?", "", "ticket"),
            ("app", "Please close the VPN app completely and open it again. Does it connect now?", "", ""),
            ("signin", "Please sign out of the VPN app and sign in again. Does it connect now?", "", ""),
        ),
    ),
    (
        "network",
        "Network drive is missing",
        "network drive, drive, shared folder, files are gone, s drive, mapped",
        (
            ("office", "Are you at the office or on the VPN?", "remap", "connect"),
            ("connect", "Please connect the VPN first. Is the drive back?", "", "remap"),
            ("remap", "Please restart your computer. Is the drive back?", "", "ticket"),
        ),
    ),
    (
        "email",
        "Outlook does not open",
        "outlook, does not open, crashes, hangs, will not start, loading profile",
        (
            ("close", "Please close Outlook, wait a moment and open it again. Does it open?", "", ""),
            ("restart", "Please restart your computer. Does it open?", "", ""),
            ("web", "Please open your mail in the browser. Can you work there for now?", "ticket", "human"),
        ),
    ),
    (
        "email",
        "Messages do not arrive",
        "not receiving, no new mail, missing emails, does not arrive, receive, inbox empty, mailbox",
        (
            ("junk", "Please look into the Junk folder. Is the message there?", "", ""),
            ("offline", "Is “Work Offline” switched on in Outlook under Send / Receive?", "online", "full"),
            ("online", "Please switch it off. Do messages arrive now?", "", "ticket"),
            ("full", "Please empty the Deleted Items folder. Do messages arrive now?", "", "ticket"),
        ),
    ),
    (
        "email",
        "Messages are not sent",
        "can not send, not sending, stuck in outbox, outbox, attachment too large, bounced, send",
        (
            ("outbox", "Please open the Outbox and send the message again. Did it go out?", "", ""),
            ("size", "Is an attachment larger than 20 megabytes?", "link", "ticket"),
            ("link", "Please share the file as a link instead. Did it go out?", "", "ticket"),
        ),
    ),
    (
        "computer",
        "Computer is slow",
        "slow, fan is loud, takes forever, sluggish, hangs, laptop is slow",
        (
            ("restart", "When you restart the computer, is it faster?", "", ""),
            ("programs", "Please close the programs that you do not need. Is it faster now?", "", ""),
            ("updates", "Please install the waiting updates. Is it faster now?", "", "ticket"),
        ),
    ),
    (
        "computer",
        "Screen stays black",
        "black screen, screen black, monitor, display, second monitor, no picture, dark, blank",
        (
            ("cable", "Please check both ends of the screen's cable. Is there a picture?", "", ""),
            ("power", "Is the light at the screen on?", "switch", "plug"),
            ("plug", "Please check the screen's power cable and press its button. Is there a picture?", "", "ticket"),
            ("switch", "Please press the Windows key and P and choose Extend. Is there a picture?", "", "ticket"),
        ),
    ),
    (
        "computer",
        "Frozen or blue screen",
        "frozen, freezes, froze, blue screen, crashed, crash, does not react, stuck",
        (
            ("hold", "Please hold the power button for ten seconds and start again. Does it start?", "again", "human"),
            ("again", "Does it run without a blue screen now?", "", "ticket"),
        ),
    ),
    (
        "computer",
        "Cannot sign in",
        "password, sign in, log in, login, locked out, locked, account, forgot my password",
        (
            ("caps", "Is the Caps Lock light on?", "retry", "self"),
            ("retry", "Please turn it off and sign in again. Are you in?", "", "self"),
            (
                "self",
                "Please choose “Forgot password” on the sign-in page and approve it on your phone. Are you in?",
                "",
                "human",
            ),
        ),
    ),
    (
        "phone",
        "No dial tone",
        "dial tone, dead, desk phone, phone is dead, display dark, no calls",
        (
            ("cable", "Please unplug the phone's cable and plug it in again. Do you hear a dial tone?", "", ""),
            ("port", "Please try another socket. Do you hear a dial tone?", "", "ticket"),
        ),
    ),
    (
        "phone",
        "Poor call quality",
        "echo, crackling, choppy, call quality, can not hear, noise, headset, voice breaks up",
        (
            ("headset", "Please unplug the headset and use the handset. Is it better?", "new", ""),
            ("restart", "Please restart the phone. Is it better?", "", "ticket"),
            ("new", "Then it is the headset. Shall a technician bring a new one?", "ticket", "solved"),
        ),
    ),
    (
        "phone",
        "Voicemail does not work",
        "voicemail, messages, voicemail light, pin, greeting",
        (
            ("hold", "Please hold the 1 key for two seconds. Do you hear your messages?", "", ""),
            ("pin", "Do you know your voicemail PIN?", "ticket", "human"),
        ),
    ),
    (
        "security",
        "Locked out by a security warning",
        "warning, security warning, certificate, blocked, antivirus, popup, pop up, fake warning",
        (
            ("close", "Please close the browser completely. Is the warning gone?", "", ""),
            ("restart", "Please restart the computer. Is the warning gone?", "", "human"),
        ),
    ),
)
