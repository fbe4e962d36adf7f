// The passwords of eight characters and more that attackers try first, in lower case.

/** From published lists of leaked passwords. Shorter ones are refused by their length. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `00000000 01234567 012345678 0123456789 11111111 11112222 111222333 1122334455 12121212 123123123 12341234
  12344321 123456123 123456654321 12345678 123456789 1234567890 1234567891 12345679 123456789a 123456abc 12345qwert
  123qweasd 123qweasdzxc 147258369 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 21436587 22222222
  741852963 789456123 87654321 88888888 963852741 987654321 9876543210 99999999 aa123456 aaaaaaaa abc12345 abcd1234
  abcdefgh administrator adminadmin admin123 admin1234 admin12345 alexander asdasdasd asdf1234 asdfasdf asdfghjk
  asdfghjkl babygirl baseball basketball butterfly caroline changeme changeme1 changeme123 chocolate computer
  corvette creative danielle default1 dragonball einstein elephant fileserver football football1 freedom1 garfield
  hannah123 hello123 hello1234 helloworld iloveyou iloveyou1 internet iloveyou2 jennifer jessica1 letmein1 letmein123
  liverpool login123 lovelove manchester marlboro master123 maverick mercedes michael1 michelle midnight monkey123
  mustang1 nintendo p@ssw0rd p@ssword pa55word pa$$word passw0rd password password! password1 password12 password123
  password1234 pokemon1 princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsxedc qwer1234 qwerasdf qwert123 qwerty12
  qwerty123 qwerty1234 qwertyui qwertyuiop rootroot samantha secret123 sluice123 starwars steelers sunflower sunshine
  sunshine1 superman superman1 swordfish test1234 testtest tinkerbell trustno1 undertaker unknown1 victoria welcome1
  welcome123 whatever william1 zaq12wsx zaq1xsw2 zxcvbnm1 zxcvbnm123`
    .split(/\s+/)
    .filter(Boolean),
);
