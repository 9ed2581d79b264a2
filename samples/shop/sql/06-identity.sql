-- One person has one user_id, and up to ten devices. A family's e-mail address may stand for two people, so it joins few.
CREATE IDENTIFIER email FROM traits['email'], context['traits']['email']
WITH ('priority' = '2', 'limit' = '3', 'normalize' = 'trim,lower', 'block' = 'test@example.com,noreply@example.com');

CREATE IDENTIFIER anonymous_id FROM anonymous_id WITH ('priority' = '6', 'limit' = '10');
